import type { Admin, Broker } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import { inPieces } from '../pieces.js';
import type { KeyGate } from '../keys/keyGate.js';
import type { KeyedRow, PartitionRange, TaskPosition, ToolAccess } from '../ports.js';
import type { RedisState } from '../redis/index.js';
import { openClusterWriter } from './clusterWriter.js';
import { partitionRecords, spanRecords, type Span } from './partitionRecords.js';

/** Rows that are opened together. */
const PIECE = 500;

/** What tools reach a region through; all of it stays the caller's. */
export interface ClusterToolsParts {
  readonly broker: Broker;
  readonly admin: Admin;
  readonly state: RedisState;
  readonly documents: ToolAccess['documents'];
  readonly region: string;
  /** Replicas of topics that are created. */
  readonly replication: number;
  /** Seals and opens; `null` for a region without keys. */
  readonly keys?: KeyGate | null;
}

/** A region on Kafka and Redis as tools see it. */
export function clusterTools({ broker, admin, state, documents, region, replication, keys = null }: ClusterToolsParts): ToolAccess {
  return {
    documents,
    isDense: false,
    tasks: {
      progress: (task) => state.rows(task).progress(),
      get: async (task, store, key) => openedRow(keys, store, key, await state.rows(task).get(store, key)),
      scan: (task, store) => (keys === null ? state.rows(task).scan(store) : openedScan(keys, store, state.rows(task).scan(store))),
    },
    topics: async () => (await admin.topics()).filter(({ name }) => name.startsWith(`${region}.`)),
    ranges: (topic) => admin.ranges(topic),
    records: (topic, partition, from) => partitionRecords(broker, admin, topic, partition, from),
    waiting: (positions) => waiting(broker, admin, positions),
    ensureTopic: (spec) => admin.createTopics([spec], replication),
    writer: (name, topics) => openClusterWriter({ broker, admin, region, replication, keys }, name, topics),
  };
}

async function openedRow(keys: KeyGate | null, store: string, key: string, value: Buffer | null): Promise<Buffer | null> {
  return keys === null ? value : (await keys.openedRows([{ store, key, value }]))[0]!;
}

async function* openedScan(keys: KeyGate, store: string, rows: AsyncIterable<KeyedRow>): AsyncGenerator<KeyedRow> {
  for await (const piece of inPieces(rows, PIECE)) {
    const opened = await keys.openedRows(piece.map(({ key, value }) => ({ store, key, value })));
    for (const [at, value] of opened.entries()) if (value !== null) yield { key: piece[at]!.key, value };
  }
}

/** Offsets that are read to tell records from control records: a larger difference is given as it is. */
const MOST_READ = 1_000;

async function waiting(broker: Broker, admin: Admin, positions: readonly TaskPosition[]): Promise<number[]> {
  const ranges = new Map<string, PartitionRange[]>();
  for (const topic of new Set(positions.map((position) => position.topic))) ranges.set(topic, await admin.ranges(topic));
  const spans = positions.map(({ topic, partition, next }): Span => {
    const { start, end } = ranges.get(topic)![partition]!;
    return { topic, partition, start: Math.max(start, next), end };
  });
  const isNear = ({ start, end }: Span): boolean => end - start <= MOST_READ;
  const offsets = new Map<string, number[]>();
  for await (const { records, ...place } of spanRecords(broker, widest(spans.filter(isNear)))) {
    const name = partitionName(place);
    offsets.set(name, [...(offsets.get(name) ?? []), ...records.map(({ offset }) => offset)]);
  }
  return spans.map((span) => {
    if (!isNear(span)) return span.end - span.start;
    return (offsets.get(partitionName(span)) ?? []).filter((offset) => offset >= span.start).length;
  });
}

/** One span for each partition: several tasks may read it. */
function widest(spans: readonly Span[]): Span[] {
  const byPartition = new Map<string, Span>();
  for (const span of spans) {
    const known = byPartition.get(partitionName(span));
    if (known === undefined || span.start < known.start) byPartition.set(partitionName(span), span);
  }
  return [...byPartition.values()];
}
