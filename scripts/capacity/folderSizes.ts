/** What lies in a folder of the embedded storage, as counts and bytes: what the costs of `costs.ts` were taken from, and are compared with. */
import type { LocalStorage, LogRecord } from '../../runtime/ports.js';
import { localRecords } from '../../runtime/localTools.js';
import { isMarker } from '../../runtime/engine/header.js';
import { deployedTopologies, tasksOf, type Deployed } from '../commands/deployed.js';

/** Things of one kind. */
export interface Sizes {
  count: number;
  /** Keys and values, without what a database or a broker adds. */
  bytes: number;
}

/** What a folder holds. */
export interface FolderSizes {
  /** By logical name; markers are left out. Bytes are those of keys, values and headers. */
  readonly topics: Readonly<Record<string, Sizes>>;
  /** Rows of state by `topology/store`. */
  readonly stores: Readonly<Record<string, Sizes>>;
  /** Timers that are set, by topology. */
  readonly timers: Readonly<Record<string, Sizes>>;
}

const TIMERS_AT_ONCE = 1_000;

/** Goes through all of a folder. @param region - whose topics are counted */
export function folderSizes(storage: LocalStorage, region: string): FolderSizes {
  const topics: Record<string, Sizes> = {};
  for (const { name } of storage.log.topics()) if (name.startsWith(`${region}.`)) topics[name.slice(region.length + 1)] = topicSizes(storage, name);
  const stores: Record<string, Sizes> = {};
  const timers: Record<string, Sizes> = {};
  for (const deployed of deployedTopologies(storage)) {
    const { name } = deployed.graph;
    timers[name] = noSizes();
    for (const store of storesOf(deployed)) stores[`${name}/${store}`] = noSizes();
    for (const { name: task } of tasksOf(storage, deployed)) {
      for (const store of storesOf(deployed)) addRows(storage, task, store, stores[`${name}/${store}`]!);
      addTimers(storage, task, timers[name]);
    }
  }
  return { topics, stores, timers };
}

/** The records of a topic, partition after partition, without markers. @param topic - physical name */
export function* recordsOf(storage: LocalStorage, topic: string): Generator<LogRecord, void, undefined> {
  const partitions = storage.log.topics().find(({ name }) => name === topic)?.partitions ?? 0;
  for (let partition = 0; partition < partitions; partition++) {
    for (const record of localRecords(storage.log, topic, partition)) if (!isMarker(record.header)) yield record;
  }
}

function topicSizes(storage: LocalStorage, topic: string): Sizes {
  const total = noSizes();
  for (const { key, value, header } of recordsOf(storage, topic)) add(total, lengthOf(key) + lengthOf(value) + lengthOf(header));
  return total;
}

const storesOf = ({ graph }: Deployed): readonly string[] => graph.stages.flatMap(({ stores }) => stores.map(({ name }) => name));

function addRows({ tasks }: LocalStorage, task: string, store: string, total: Sizes): void {
  for (const { key, value } of tasks.scan(task, store)) add(total, Buffer.byteLength(key) + value.length);
}

function addTimers({ tasks }: LocalStorage, task: string, total: Sizes): void {
  for (let page = tasks.queueHead(task, TIMERS_AT_ONCE); page.length > 0; page = tasks.queueHead(task, TIMERS_AT_ONCE, page.at(-1))) {
    for (const { queue, tiebreak, payload } of page) add(total, TIME_AND_END + Buffer.byteLength(queue + tiebreak) + payload.length);
  }
}

/** Of the member of the time queue: its time and the byte behind its name. */
const TIME_AND_END = 9;

const noSizes = (): Sizes => ({ count: 0, bytes: 0 });
const lengthOf = (bytes: Buffer | null): number => bytes?.length ?? 0;

function add(total: Sizes, bytes: number): void {
  total.count += 1;
  total.bytes += bytes;
}
