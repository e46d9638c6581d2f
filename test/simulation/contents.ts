/**
 * What a replay left in a folder, in a form that does not depend on the order in which tasks happened to work: state, timers and
 * progress of every task, and each producer's records per topic, partition and key in their order.
 *
 * Two things of a log do depend on chance, and are told apart here. Records of several producers interleave in an internal topic, so
 * that an offset of it is translated into whose and which record lies there. And a task tells how far it is whenever it
 * waits, so that markers count where their watermark is a new one.
 */
import { createHash } from 'node:crypto';
import type { LogRecord, QueueEntry, LocalStorage } from '../../runtime/ports.js';
import { readHeader, type Header } from '../../runtime/engine/header.js';
import { decodeProgress } from '../../runtime/engine/progress.js';
import type { Deployment } from '../../runtime/engine/deployment.js';
import { deploymentsOn } from './replayed.js';

/** Name of a part (a row, a timer, the records of a key) to its bytes, one character each. */
export type Contents = ReadonlyMap<string, string>;

const CHUNK = 5_000;
/** Where a header tells the origin, bytes; see `runtime/engine/header.ts`. */
const ORIGIN_PARTITION = 31;
const ORIGIN_OFFSET = 35;
const ORIGIN_NAMES = 55;

interface Reading {
  readonly storage: LocalStorage;
  readonly parts: Map<string, string>;
  /** What lies at each offset of an internal topic's partition, by `topic/partition/offset`. */
  readonly identities: Map<string, string>;
  readonly internalTopics: ReadonlySet<string>;
}

/** @param latestOnly - of a compacted topic take the last record of each key and no markers: what compaction must leave */
export function contentsOf(storage: LocalStorage, latestOnly = false): Contents {
  const deployments = deploymentsOn(storage);
  const internal = deployments.flatMap(({ graph, region }) => graph.internalTopics.map(({ name }) => `${region}.${name}`));
  const reading: Reading = { storage, parts: new Map(), identities: new Map(), internalTopics: new Set(internal) };
  for (const topic of internal) identify(reading, topic);
  for (const { name, cleanup } of storage.log.topics()) readTopic(reading, name, latestOnly && cleanup === 'compact');
  for (const deployment of deployments) readTasks(reading, deployment);
  return reading.parts;
}

/** One line for all of it: equal digests stand for equal contents. */
export function digestOf(contents: Contents): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...contents].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${name.length} ${name}${bytes.length} `).update(bytes, 'latin1');
  return hash.digest('hex');
}

/** A part that is not as expected. */
export interface Difference {
  readonly part: string;
  /** `null` where the part should not be. */
  readonly expectedBytes: number | null;
  /** `null` where it is missing. */
  readonly foundBytes: number | null;
}

export function differences(expected: Contents, actual: Contents): Difference[] {
  const names = [...new Set([...expected.keys(), ...actual.keys()])].filter((name) => expected.get(name) !== actual.get(name));
  return names.map((part) => ({ part, expectedBytes: expected.get(part)?.length ?? null, foundBytes: actual.get(part)?.length ?? null }));
}

function identify({ storage, identities }: Reading, topic: string): void {
  const counts = new Map<string, number>();
  for (const { record, partition, header } of recordsOf(storage, topic)) {
    const producer = `${producerOf(header)} in ${partition}`;
    const count = (counts.get(producer) ?? 0) + (header?.marker ? 0 : 1);
    counts.set(producer, count);
    identities.set(
      `${topic}/${partition}/${record.offset}`,
      header?.marker ? `marker ${record.header!.toString('latin1')}` : `record ${count} of ${producer}`,
    );
  }
}

function readTopic(reading: Reading, topic: string, latestOnly: boolean): void {
  const found = new Map<string, string[]>();
  const add = (name: string, bytes: string): void => {
    const known = found.get(name);
    if (known === undefined || latestOnly) found.set(name, [bytes]);
    else known.push(bytes);
  };
  const marked = new Map<string, number>();
  for (const { record, partition, header } of recordsOf(reading.storage, topic)) {
    const from = `${topic}/${partition} by ${producerOf(header)}`;
    if (header?.marker) {
      if (latestOnly) continue;
      if ((marked.get(from) ?? -Infinity) !== header.watermarkMs) add(`markers ${from}`, String(header.watermarkMs));
      marked.set(from, header.watermarkMs);
    } else add(`records ${from} key ${String(record.key)}`, bytesOf(reading, record, header));
  }
  for (const [name, all] of found) reading.parts.set(name, all.map((bytes) => `${bytes.length}:${bytes}`).join(','));
}

function bytesOf(reading: Reading, record: LogRecord, header: Header | null): string {
  const value = record.value?.toString('latin1') ?? 'null';
  if (record.header === null || header === null) return `${value} ${record.header?.toString('latin1')}`;
  const topic = record.header.toString('utf8', ORIGIN_NAMES).split('\0')[1]!;
  if (!reading.internalTopics.has(topic)) return `${value} ${record.header.toString('latin1')}`;
  const origin = `${topic}/${record.header.readUInt32BE(ORIGIN_PARTITION)}/${record.header.readDoubleBE(ORIGIN_OFFSET)}`;
  const masked = Buffer.from(record.header).fill(0, ORIGIN_OFFSET, ORIGIN_OFFSET + 8);
  return `${value} ${masked.toString('latin1')} ${reading.identities.get(origin)}`;
}

function readTasks(reading: Reading, deployment: Deployment): void {
  const stores = deployment.topology.build().stages.flatMap((stage) => stage.stores.map((store) => store.name));
  for (const subtopology of deployment.graph.subtopologies) {
    for (let partition = 0; partition < subtopology.partitions; partition++)
      readTask(reading, deployment.taskName(subtopology.index, partition), stores);
  }
}

function readTask(reading: Reading, task: string, stores: readonly string[]): void {
  const { storage, parts } = reading;
  parts.set(`progress ${task}`, progressOf(reading, task));
  for (const store of stores) {
    for (const { key, value } of storage.tasks.scan(task, store)) parts.set(`state ${task} ${store} ${key}`, value.toString('latin1'));
  }
  let after: QueueEntry | undefined;
  for (;;) {
    const timers = storage.tasks.queueHead(task, CHUNK, after);
    for (const { timeMs, queue, tiebreak, payload } of timers) parts.set(`timer ${task} ${timeMs} ${queue} ${tiebreak}`, payload.toString('latin1'));
    if (timers.length < CHUNK) return;
    after = timers.at(-1);
  }
}

/** Without what counts markers. */
function progressOf({ storage, internalTopics, identities }: Reading, task: string): string {
  const bytes = storage.tasks.progress(task);
  if (bytes === null) return 'none';
  const progress = decodeProgress(bytes);
  const { topic, partition, offset } = progress.origin;
  const origin = internalTopics.has(topic) ? identities.get(`${topic}/${partition}/${offset}`) : `${topic}/${partition}/${offset}`;
  const channels = Object.keys(progress.channels)
    .sort()
    .map((id) => {
      const channel = progress.channels[id]!;
      const isInternal = [...internalTopics].some((internal) => id.startsWith(`${internal}/`));
      return [id, { ...channel, next: isInternal ? 'depends on others' : channel.next }, `${channel.clockMs} ${channel.watermarkMs}`];
    });
  const { counters, clockMs, watermarkMs, markedMs, outputIndex, sent } = progress;
  return JSON.stringify({
    origin,
    channels,
    clocks: [clockMs, watermarkMs, markedMs].map(String),
    outputIndex,
    sent,
    counters: { ...counters, outputs: 'counts markers' },
  });
}

function* recordsOf(storage: LocalStorage, topic: string): Generator<{ record: LogRecord; partition: number; header: Header | null }> {
  const { partitions } = storage.log.topics().find(({ name }) => name === topic)!;
  for (let partition = 0; partition < partitions; partition++) {
    const { start, end } = storage.log.range(topic, partition);
    for (let from = start; from < end;) {
      const records = storage.log.read(topic, partition, from, CHUNK);
      for (const record of records) yield { record, partition, header: readHeader(record.header) };
      if (records.length === 0) break;
      from = records.at(-1)!.offset + 1;
    }
  }
}

const producerOf = (header: Header | null): string => (header === null ? 'nobody' : `${header.producer.name}#${header.producer.partition}`);
