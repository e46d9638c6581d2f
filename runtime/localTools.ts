import { isUnlinkable } from './keys/openedRecord.js';
import type { KeyedRow, LocalStorage, Log, LogRecord, PartitionRange, ToolAccess } from './ports.js';

const CHUNK = 1000;

/** A folder, or a storage in memory, as tools see it. */
export function localTools(storage: LocalStorage): ToolAccess {
  const { log, tasks, documents } = storage;
  return {
    documents,
    isDense: true,
    tasks: {
      progress: (task) => tasks.progress(task),
      get: (task, store, key) => tasks.get(task, store, key),
      scan: (task, store): Iterable<KeyedRow> => tasks.scan(task, store),
    },
    topics: () => log.topics(),
    ranges: (topic) => rangesOf(log, topic),
    records: (topic, partition, from) => readable(localRecords(log, topic, partition, from)),
    ...(log.isSealed === true && { opened: (topic: string, records: readonly LogRecord[]) => log.opened!(topic, records) }),
    waiting: (positions) => positions.map(({ topic, partition, next }) => Math.max(0, log.range(topic, partition).end - next)),
    ensureTopic: (spec) => log.ensureTopic(spec),
    writer: (name) =>
      Promise.resolve({
        progress: tasks.progress(name),
        commit: (outputs, progress) => storage.commit({ task: name, outputs, state: [], queue: [], progress }),
        close: () => Promise.resolve(),
      }),
  };
}

/** What tools work on: a storage of this machine is taken as it is. */
export const toolsOf = (opened: LocalStorage | ToolAccess): ToolAccess => ('log' in opened ? localTools(opened) : opened);

/** The records of a partition from an offset on, markers included, up to the end at the time of the call; memory stays bounded. */
export function* localRecords(log: Pick<Log, 'range' | 'read'>, topic: string, partition: number, from = 0): Generator<LogRecord, void, undefined> {
  const { start, end } = log.range(topic, partition);
  for (let next = Math.max(from, start); next < end;) {
    const records = log.read(topic, partition, next, CHUNK);
    if (records.length === 0) return;
    yield* records;
    next = records.at(-1)!.offset + 1;
  }
}

/** Without those that nobody can read any more: for tools they are not there. */
export function* readable(records: Iterable<LogRecord>): Generator<LogRecord, void, undefined> {
  for (const record of records) if (!isUnlinkable(record)) yield record;
}

function rangesOf(log: Log, topic: string): PartitionRange[] {
  const partitions = log.topics().find(({ name }) => name === topic)?.partitions ?? 1;
  return Array.from({ length: partitions }, (_, partition) => log.range(topic, partition));
}
