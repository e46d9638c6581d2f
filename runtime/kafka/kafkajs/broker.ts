/** A cluster through kafkajs. */
import { randomUUID } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { SkillForgeError } from '../../../schemas/index.js';
import type { Admin, Broker, GroupConsumer, GroupConsumerOptions, ManualReader, Producer, ProducerOptions, ReaderOptions } from '../broker.js';
import { Failures } from '../failures.js';
import { OpenParts } from '../openParts.js';
import type { FullKafkaOptions } from '../options.js';
import { KafkaAdmin } from './admin.js';
import { kafkaOf } from './client.js';
import type { ConsumerParts } from './consumer.js';
import { KafkajsGroupConsumer } from './groupConsumer.js';
import { KafkajsReader } from './manualReader.js';
import { KafkajsProducer } from './producer.js';

const UNSAFE = 'kafkajs 2.2.4 can lose records that the brokers have acknowledged when a partition changes its leader';

/** The driver `kafkajs`. */
export class KafkajsBroker implements Broker {
  readonly driver = 'kafkajs';
  private readonly kafka: Kafka;
  private readonly failures: Failures;
  private readonly open = new OpenParts();
  private warned = false;

  constructor(private readonly options: FullKafkaOptions) {
    this.kafka = kafkaOf(options);
    this.failures = new Failures(options);
  }

  async admin(): Promise<Admin> {
    return this.open.add((onClosed) => new KafkaAdmin(this.options, this.failures, { onClosed }));
  }

  async producer({ transactionalId }: ProducerOptions): Promise<Producer> {
    if (!this.options.allowUnsafeProducer) {
      throw new SkillForgeError('SFS_PRODUCER_UNSAFE', `${UNSAFE}: produce with the driver "confluent", or set allowUnsafeProducer`);
    }
    if (!this.warned) this.options.onWarning(`${UNSAFE}: use the driver "confluent" where none may be lost`);
    this.warned = true;
    return this.open.add((onClosed) => new KafkajsProducer(this.kafka, this.internalAdmin(), this.options, this.failures, transactionalId, onClosed));
  }

  async consumer(options: GroupConsumerOptions): Promise<GroupConsumer> {
    return this.open.add((onClosed) => new KafkajsGroupConsumer(this.consumerParts(options, options.groupId, onClosed), options));
  }

  async reader(options: ReaderOptions): Promise<ManualReader> {
    return this.open.add((onClosed) => new KafkajsReader(this.consumerParts(options, `skillforge-reader-${randomUUID()}`, onClosed)));
  }

  close(): Promise<void> {
    return this.open.close();
  }

  /** For what kafkajs's other clients do not tell; opened and closed by its user. */
  private internalAdmin(): KafkaAdmin {
    return new KafkaAdmin(this.options, this.failures, { onClosed: () => undefined });
  }

  private consumerParts(listener: ReaderOptions, groupId: string, onClosed: () => void): ConsumerParts {
    return { kafka: this.kafka, admin: this.internalAdmin(), options: this.options, failures: this.failures, listener, groupId, onClosed };
  }
}
