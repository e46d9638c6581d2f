import type { SkillForgeError } from '../../schemas/index.js';
import type { Admin, Broker, FetchedRecords, TopicPartition } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import type { LogRecord } from '../ports.js';
import { lentReader } from './lentReader.js';

/** A part of a partition: from `start` to before `end`. */
export interface Span extends TopicPartition {
  readonly start: number;
  readonly end: number;
}

/** Records that wait here before their partitions are paused. */
const MOST_WAITING = 5_000;

/** The records of a partition from an offset on, or from the first that is there, up to the end that it has now. @throws what reading throws */
export async function* partitionRecords(broker: Broker, admin: Admin, topic: string, partition: number, from = 0): AsyncGenerator<LogRecord> {
  const { start, end } = (await admin.ranges(topic))[partition]!;
  for await (const { records } of spanRecords(broker, [{ topic, partition, start: Math.max(start, from), end }])) yield* records;
}

/** Reads parts of partitions, all at once and in no order among them; memory stays bounded. @throws what reading throws */
export async function* spanRecords(broker: Broker, spans: readonly Span[]): AsyncGenerator<Pick<FetchedRecords, 'topic' | 'partition' | 'records'>> {
  const reading = new SpanReading(spans.filter(({ start, end }) => start < end));
  if (reading.isDone) return;
  const { reader, giveBack } = await lentReader(broker, { onRecords: (fetched) => reading.take(fetched), onError: (error) => reading.fail(error) });
  let isWhole = false;
  try {
    reading.onFull = ({ topic, partition }) => reader.pause(topic, partition);
    await reader.assign(reading.spans.map(({ topic, partition, start }) => ({ topic, partition, offset: start })));
    while (!reading.isDone) {
      yield* reading.taken();
      for (const { topic, partition } of reading.emptied()) reader.resume(topic, partition);
      await reading.more();
    }
    isWhole = true;
    yield* reading.taken();
  } finally {
    await giveBack(isWhole);
  }
}

/** What has come and was not taken yet. */
class SpanReading {
  onFull: (partition: TopicPartition) => void = () => undefined;
  private readonly ends: Map<string, number>;
  private readonly paused = new Map<string, TopicPartition>();
  private fetched: FetchedRecords[] = [];
  private waiting = 0;
  private failure: SkillForgeError | null = null;
  private wake: () => void = () => undefined;

  constructor(readonly spans: readonly Span[]) {
    this.ends = new Map(spans.map((span) => [partitionName(span), span.end]));
  }

  /** Whether everything was fetched; {@link taken} may still have some. */
  get isDone(): boolean {
    return this.ends.size === 0;
  }

  take(fetched: FetchedRecords): void {
    const name = partitionName(fetched);
    const end = this.ends.get(name);
    if (end === undefined) return;
    const records = fetched.records.filter(({ offset }) => offset < end);
    this.fetched.push({ ...fetched, records });
    this.waiting += records.length;
    if (fetched.nextOffset >= end) {
      this.ends.delete(name);
      this.onFull(fetched);
    } else if (this.waiting >= MOST_WAITING && !this.paused.has(name)) {
      this.paused.set(name, fetched);
      this.onFull(fetched);
    }
    this.wake();
  }

  fail(error: SkillForgeError): void {
    this.failure = error;
    this.wake();
  }

  *taken(): Generator<FetchedRecords> {
    for (let next = this.fetched.shift(); next !== undefined; next = this.fetched.shift()) {
      this.waiting -= next.records.length;
      yield next;
    }
  }

  /** Partitions that can go on. */
  emptied(): TopicPartition[] {
    const partitions = [...this.paused.values()].map(({ topic, partition }) => ({ topic, partition }));
    this.paused.clear();
    return partitions;
  }

  /** Waits until something has come. @throws what reading throws */
  async more(): Promise<void> {
    if (this.failure === null && this.fetched.length === 0 && !this.isDone) await new Promise<void>((resolve) => (this.wake = resolve));
    this.assertWell();
  }

  private assertWell(): void {
    if (this.failure !== null) throw this.failure;
  }
}
