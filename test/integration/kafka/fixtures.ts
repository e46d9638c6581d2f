/** What tests of the broker port have in common: a broker, topics of their own, records, and something that collects what is read. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, BrokerDriver, FetchedRecords, GroupConsumerOptions, TopicPartition } from '../../../runtime/kafka/broker.js';
import { openBroker } from '../../../runtime/kafka/openBroker.js';
import type { KafkaOptions } from '../../../runtime/kafka/options.js';
import type { LogRecord, OutputRecord, TopicSpec } from '../../../runtime/ports.js';
import type { SkillForgeError } from '../../../schemas/index.js';

/** Generous: the machine may be busy with a dozen other things. */
export const DEADLINE_MS = 90_000;
const LOOK_MS = 20;

/** Both drivers, where producing by kafkajs takes its flag. */
export const drivers: readonly BrokerDriver[] = ['confluent', 'kafkajs'];

/** Opens a broker for tests. */
export const openFor = (driver: BrokerDriver, brokers: string, more: Partial<KafkaOptions> = {}): Promise<Broker> =>
  openBroker(driver, {
    brokers: brokers.split(','),
    markerIdOf: (header) => header.toString().split('|')[0]!,
    allowUnsafeProducer: true,
    onWarning: () => undefined,
    sessionTimeoutMs: 10_000,
    requestTimeoutMs: 60_000,
    ...more,
  });

/** A name that no other test has. */
export const unique = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** Creates a topic of its own. */
export async function newTopic(broker: Broker, spec: Partial<TopicSpec> = {}, replication = 1): Promise<string> {
  const name = unique('records');
  const admin = await broker.admin();
  await admin.createTopics([{ name, partitions: 1, cleanup: 'delete', retentionMs: null, ...spec }], replication);
  await admin.close();
  return name;
}

/** A record of text. */
export const record = (topic: string, partition: number, key: string | null, value: string | null, header: string | null = null): OutputRecord => ({
  topic,
  partition,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  header: header === null ? null : Buffer.from(header),
});

/** Numbered records of a partition. */
export const numbered = (topic: string, partition: number, from: number, count: number): OutputRecord[] =>
  Array.from({ length: count }, (_, index) => record(topic, partition, `k${from + index}`, `v${from + index}`));

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = DEADLINE_MS): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await sleep(LOOK_MS);
  }
}

/** Collects what a consumer hands out. */
export class Collector {
  readonly fetched: FetchedRecords[] = [];
  readonly errors: SkillForgeError[] = [];
  readonly onRecords = (fetched: FetchedRecords): void => void this.fetched.push(fetched);
  readonly onError = (error: SkillForgeError): void => void this.errors.push(error);

  records(topic: string, partition = 0): LogRecord[] {
    return this.of(topic, partition).flatMap(({ records }) => records);
  }

  values(topic: string, partition = 0): (string | null)[] {
    return this.records(topic, partition).map(({ value }) => value?.toString() ?? null);
  }

  nextOffset(topic: string, partition = 0): number | undefined {
    return this.of(topic, partition).at(-1)?.nextOffset;
  }

  atEnd(topic: string, partition = 0): boolean {
    return this.of(topic, partition).at(-1)?.atEnd ?? false;
  }

  private of(topic: string, partition: number): FetchedRecords[] {
    return this.fetched.filter((one) => one.topic === topic && one.partition === partition);
  }
}

/** Reads a partition from an offset to its end. */
export async function readAll(broker: Broker, topic: string, partition = 0, offset = 0): Promise<LogRecord[]> {
  const collector = new Collector();
  const reader = await broker.reader({ onRecords: collector.onRecords, onError: collector.onError, untilEnd: true });
  try {
    await reader.assign([{ topic, partition, offset }]);
    await until(`the end of ${topic}/${partition}`, () => collector.atEnd(topic, partition) || collector.errors.length > 0);
    if (collector.errors.length > 0) throw collector.errors[0]!;
    return collector.records(topic, partition);
  } finally {
    await reader.close();
  }
}

/** Values of a partition. */
export const valuesOf = async (broker: Broker, topic: string, partition = 0): Promise<(string | null)[]> =>
  (await readAll(broker, topic, partition)).map(({ value }) => value?.toString() ?? null);

/** Writes records without a transaction. */
export async function write(broker: Broker, records: readonly OutputRecord[]): Promise<void> {
  const producer = await broker.producer({ transactionalId: null });
  await producer.send(records);
  await producer.close();
}

/** A listener that begins at the committed offsets, or at 0, and notes what it holds. */
export class Member {
  readonly collector = new Collector();
  readonly held = new Set<string>();
  revocations = 0;
  losses = 0;

  constructor(
    readonly broker: Broker,
    readonly groupId: string,
  ) {}

  options(more: Partial<GroupConsumerOptions['listener']> = {}): GroupConsumerOptions {
    return {
      groupId: this.groupId,
      onRecords: this.collector.onRecords,
      onError: this.collector.onError,
      listener: {
        assigned: (partitions) => {
          for (const one of partitions) this.held.add(nameOf(one));
          return Promise.resolve(partitions.map((one) => ({ ...one, offset: 0 })));
        },
        revoked: (partitions) => {
          this.revocations++;
          for (const one of partitions) this.held.delete(nameOf(one));
          return Promise.resolve();
        },
        lost: (partitions) => {
          this.losses++;
          for (const one of partitions) this.held.delete(nameOf(one));
        },
        ...more,
      },
    };
  }
}

export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** The code that a call fails with, or `null` where it does not fail. */
export const codeOf = (call: Promise<unknown>): Promise<string | null> =>
  call.then(
    () => null,
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
