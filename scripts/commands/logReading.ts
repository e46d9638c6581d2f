/** Reads a topic record by record, as tools show it. */
import { isMarker } from '../../runtime/engine/header.js';
import type { LogRecord, LocalStorage } from '../../runtime/ports.js';

/** A record with its partition. */
export interface PlacedRecord {
  readonly partition: number;
  readonly record: LogRecord;
}

const CHUNK = 1000;

/** The records of a partition from an offset on, markers included, up to the end at the time of the call; memory stays bounded. */
export function* partitionRecords(storage: LocalStorage, topic: string, partition: number, from: number): Generator<LogRecord, void, undefined> {
  const { start, end } = storage.log.range(topic, partition);
  for (let next = Math.max(from, start); next < end;) {
    const records = storage.log.read(topic, partition, next, CHUNK);
    if (records.length === 0) return;
    yield* records;
    next = records.at(-1)!.offset + 1;
  }
}

/** The last record of each key in a topic, markers left out. Memory grows with the number of keys. */
export function latestByKey(storage: LocalStorage, topic: string): ReadonlyMap<string, LogRecord> {
  const latest = new Map<string, LogRecord>();
  const spec = storage.log.topics().find((one) => one.name === topic);
  for (let partition = 0; partition < (spec?.partitions ?? 0); partition++) {
    for (const record of partitionRecords(storage, topic, partition, 0)) {
      if (record.key !== null && !isMarker(record.header)) latest.set(record.key.toString(), record);
    }
  }
  return latest;
}
