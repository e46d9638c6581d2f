/** Runs real workers over a storage: what is sent, stepped and found, for tests of the engine's promises. */
import { Worker, type WorkerOptions } from '../../../runtime/engine/worker.js';
import { HeaderWriter, isMarker, readHeader, type ProducerId } from '../../../runtime/engine/header.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import type { Task } from '../../../runtime/engine/task.js';
import type { LocalStorage, OutputRecord, Placement, Storage } from '../../../runtime/ports.js';
import type { Topology } from '../../../operators/index.js';
import { LocalSchemaIds, topicCodec, topics, type Control, type DeadLetter, type Opened, type Topic } from '../../../schemas/index.js';
import { decodedRecords } from '../../../runtime/testing/driverOutput.js';
import { results, type Event, type Result } from '../../operators/pipelines.js';

export const REGION = 'test';
const ids = LocalSchemaIds.withAccepted();

export const physical = (topic: { readonly name: string }): string => `${REGION}.${topic.name}`;

/** A record of a source as a producer outside writes it. */
export function record(topic: Topic<string, Event>, value: Event, partition = partitionOf(Buffer.from(value.key), topic.partitions)): OutputRecord {
  return { topic: physical(topic), partition, key: Buffer.from(value.key), value: topicCodec(topic, ids).encode(value.key, value), header: null };
}

/** A record of a derived topic as a task of another topology writes it; the stream time is the event time unless given, and there is no sequence number. */
export function derivedRecord(
  topic: Topic<string, Event>,
  value: Event,
  by: ProducerId,
  partition: number,
  { streamTimeMs = value.atMs, sequence }: { readonly streamTimeMs?: number; readonly sequence?: number } = {},
): OutputRecord {
  const times = { eventTimeMs: value.atMs, streamTimeMs, watermarkMs: -Infinity };
  const header = new HeaderWriter(by).record(times, { topic: 'elsewhere', partition: 0, offset: 0, index: 0 }, sequence);
  return { ...record(topic, value, partition), header };
}

/** A marker of a task of another topology. */
export function marker(
  topic: Topic<string, Event>,
  watermarkMs: number,
  by: ProducerId,
  partition: number,
  state: { idle?: boolean; end?: boolean } = {},
): OutputRecord {
  const times = { eventTimeMs: watermarkMs, streamTimeMs: watermarkMs, watermarkMs };
  const header = new HeaderWriter(by).marker(times, { idle: state.idle ?? false, end: state.end ?? false });
  return { topic: physical(topic), partition, key: null, value: null, header };
}

/** Appends each record by itself: each is a batch of its own. */
export async function send(storage: LocalStorage, ...records: readonly OutputRecord[]): Promise<void> {
  for (const one of records) await storage.log.append([one]);
}

export async function started(storage: Storage | Placement, of: Topology | Topology[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
  const worker = new Worker([of].flat(), storage, { region: REGION, mode: 'until-end', ...options });
  await worker.start();
  return worker;
}

/** Starts a worker and runs it to the end of its mode. */
export async function run(storage: Storage, of: Topology | Topology[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
  const worker = await started(storage, of, options);
  await worker.run();
  return worker;
}

/** Steps the tasks of a following worker until none has more to do now. */
export async function settle(worker: Worker, nowMs: number): Promise<void> {
  for (let rounds = 0; rounds < 100; rounds++) {
    let more = false;
    for (const task of worker.runningTasks) more = (await task.step({ nowMs, silence: () => 'wait' })) === 'more' || more || !atEnd(task);
    if (!more) return;
  }
  throw new Error('the tasks do not come to rest');
}

const atEnd = (task: Task): boolean => task.parts.inputs.every((input) => !input.hasMore);

/** A result with its event time. */
export type Found = readonly [key: string, timestamp: number, value: unknown];

/** Results by partition, each in the order of the log. */
export function found(storage: LocalStorage): Found[] {
  const records = decodedRecords(storage.log, physical(results), topicCodec(results as Topic<string, unknown>, ids));
  return [...records].map(({ key, timestamp, value }) => [key, timestamp, JSON.parse((value as Result).json)] as const);
}

/** {@link found} where the results are those of windows: without what is the same for all. */
export const closed = (storage: LocalStorage): Found[] =>
  found(storage).map(([key, timestamp, window]) => [key, timestamp, (window as { value: unknown }).value]);

/** Records of one of the engine's own topics. */
function own<V>(storage: LocalStorage, topic: Topic<string, unknown>): V[] {
  return [...decodedRecords(storage.log, physical(topic), topicCodec(topic, ids))].map(({ value }) => value as V);
}

export const controls = (storage: LocalStorage): Control[] => own<Control>(storage, topics.control);
export const letters = (storage: LocalStorage): Opened<DeadLetter>[] => own<Opened<DeadLetter>>(storage, topics.deadLetters);

/** Markers of a partition: producer task, watermark, and what they say. */
export function markersOf(
  storage: LocalStorage,
  topicName: string,
  partition: number,
): { by: number; watermarkMs: number; idle: boolean; end: boolean }[] {
  const { start, end } = storage.log.range(topicName, partition);
  return storage.log.read(topicName, partition, start, end - start).flatMap(({ header }) => {
    if (!isMarker(header)) return [];
    const { producer, watermarkMs, idle, end: ended } = readHeader(header)!;
    return [{ by: producer.partition, watermarkMs, idle, end: ended }];
  });
}
