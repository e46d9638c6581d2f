import { expect, it } from 'vitest';
import { GroupOffsets } from '../../../runtime/kafka/confluent/groupOffsets.js';
import type { Native, NativeConsumer } from '../../../runtime/kafka/confluent/native.js';
import { Failures } from '../../../runtime/kafka/failures.js';
import { withDefaults } from '../../../runtime/kafka/options.js';

const LOADING = 14;
const options = withDefaults({ brokers: ['kafka-1:9092'], markerIdOf: () => null });

type Done = (error: unknown, result?: unknown) => void;

/** As librdkafka behaves: a client asks the coordinator that it found first, whoever is that now. */
class Brokers {
  opened = 0;
  closed = 0;
  coordinator = 1;
  /** What a client meets that asks another one. */
  refusal = 0;
  isLoading = false;

  native(): Native {
    const open = (): number => ++this.opened;
    const close = (): number => ++this.closed;
    const coordinator = (): number => this.coordinator;
    class Consumer {
      readonly found = coordinator();
      constructor() {
        open();
      }
      setDefaultConsumeTimeout(): void {}
      on(): void {}
      off(): void {}
      isConnected(): boolean {
        return true;
      }
      connect(_options: unknown, done: Done): void {
        done(null);
      }
      disconnect(done: Done): void {
        close();
        done(null);
      }
    }
    const createFrom = (client: NativeConsumer): unknown => ({
      listConsumerGroupOffsets: (_groups: unknown, _options: unknown, done: Done) =>
        setImmediate(() => this.answer((client as unknown as Consumer).found, done)),
    });
    return { KafkaConsumer: Consumer, AdminClient: { createFrom } } as unknown as Native;
  }

  private answer(asked: number, done: Done): void {
    if (asked !== this.coordinator) return done({ code: this.refusal, message: 'not the coordinator' });
    if (this.isLoading) {
      this.isLoading = false;
      return done({ code: LOADING, message: 'Broker: Coordinator load in progress' });
    }
    done(null, [{ partitions: [{ topic: 'clicks', partition: 0, offset: 7, metadata: '' }] }]);
  }
}

it.each([
  ['says so', 16],
  ['does not answer', -185],
])('are asked of the coordinator that a group has now where the one before %s, each client closed after its last answer', async (_what, refusal) => {
  const brokers = new Brokers();
  brokers.refusal = refusal;
  const offsets = new GroupOffsets(brokers.native(), options, new Failures(options));
  const ask = () => offsets.committed('counting', [{ topic: 'clicks', partition: 0 }]);
  const seven = [{ topic: 'clicks', partition: 0, offset: 7, metadata: '' }];
  expect(await ask()).toEqual(seven);
  brokers.isLoading = true;
  expect(await ask()).toEqual(seven);
  expect(brokers.opened).toBe(1);

  brokers.coordinator = 2;
  expect(await Promise.all([ask(), ask()])).toEqual([seven, seven]);
  expect({ opened: brokers.opened, closed: brokers.closed }).toEqual({ opened: 2, closed: 1 });
  await offsets.close();
  expect(brokers.closed).toBe(2);
});
