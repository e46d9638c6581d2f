/** A cluster through librdkafka. */
import type { Admin, Broker, GroupConsumer, GroupConsumerOptions, ManualReader, Producer, ProducerOptions, ReaderOptions } from '../broker.js';
import { OpenParts } from '../openParts.js';
import { Failures } from '../failures.js';
import { KafkaAdmin } from '../kafkajs/admin.js';
import type { FullKafkaOptions } from '../options.js';
import { ConfluentGroupConsumer } from './groupConsumer.js';
import { GroupOffsets } from './groupOffsets.js';
import { ConfluentReader } from './manualReader.js';
import type { Native } from './native.js';
import { ConfluentProducer } from './producer.js';

/** The driver `confluent`. */
export class ConfluentBroker implements Broker {
  readonly driver = 'confluent';
  private readonly failures: Failures;
  private readonly open = new OpenParts();

  constructor(
    private readonly native: Native,
    private readonly options: FullKafkaOptions,
  ) {
    this.failures = new Failures(options);
  }

  async admin(): Promise<Admin> {
    const groups = new GroupOffsets(this.native, this.options, this.failures);
    return this.open.add((onClosed) => {
      const close = async (): Promise<void> => {
        onClosed();
        await groups.close();
      };
      return new KafkaAdmin(this.options, this.failures, {
        committed: (groupId, partitions) => groups.committed(groupId, partitions),
        onClosed: close,
      });
    });
  }

  async producer({ transactionalId }: ProducerOptions): Promise<Producer> {
    return this.open.add((onClosed) => new ConfluentProducer(this.native, this.options, this.failures, transactionalId, onClosed));
  }

  async consumer(options: GroupConsumerOptions): Promise<GroupConsumer> {
    return this.open.add((onClosed) => new ConfluentGroupConsumer(this.consumerParts(options, onClosed), options));
  }

  async reader(options: ReaderOptions): Promise<ManualReader> {
    return this.open.add((onClosed) => new ConfluentReader({ ...this.consumerParts(options, onClosed), groupId: null, extra: {} }));
  }

  close(): Promise<void> {
    return this.open.close();
  }

  private consumerParts(listener: ReaderOptions, onClosed: () => void) {
    return { native: this.native, options: this.options, failures: this.failures, listener, onClosed };
  }
}
