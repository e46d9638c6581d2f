import { FetchBuffer, FetchControl } from '../../../runtime/cluster/fetchBuffer.js';
import { SchemaGate } from '../../../runtime/cluster/schemaGate.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import type { PartitionReader } from '../../../runtime/kafka/broker.js';
import { partitionName } from '../../../runtime/partitionName.js';
import type { Log, LogRecord, PartitionName, Placement, TaskAccess, TaskPlace } from '../../../runtime/ports.js';
import type { MemoryStorage } from '../../../runtime/testing/index.js';

/** Where a broker is in a partition, and a buffer that it fills. */
interface Fetched {
  readonly buffer: FetchBuffer;
  /** Hands over what comes next, at most so many records; false where nothing is left or asked for. */
  readonly deliver: (most: number) => boolean;
}

function fetched(recordsFrom: (offset: number, most: number) => readonly LogRecord[], start = 0): Fetched {
  let next = start;
  let isPaused = false;
  const reader: PartitionReader = {
    seek: (_topic, _partition, offset) => {
      next = offset;
      return Promise.resolve();
    },
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
    close: () => Promise.resolve(),
  };
  const buffer = new FetchBuffer(0, new FetchControl(reader, 'derived', 0), new SchemaGate(undefined, () => undefined));
  buffer.begin(start);
  const deliver = (most: number): boolean => {
    if (isPaused) return false;
    const records = recordsFrom(next, most);
    next += records.length;
    buffer.take({ records, nextOffset: next });
    return records.length > 0;
  };
  return { buffer, deliver };
}

/** A partition as it is read from a broker: what lies behind what was fetched comes some time after it is asked for again. */
export function fetchedFrom(records: readonly LogRecord[]): { readonly log: Pick<Log, 'range' | 'read'>; readonly deliver: () => void } {
  const { buffer, deliver } = fetched((offset, most) => records.slice(offset, offset + most));
  return {
    log: { range: () => buffer.range(), read: (_topic, _partition, offset, most) => buffer.read(offset, most) },
    deliver: () => void deliver(500),
  };
}

/** A storage whose tasks are opened as on a cluster: of their partitions nothing is there before it was delivered. */
export class FetchedLog {
  readonly placement: Placement;
  private readonly byPartition = new Map<string, Fetched>();

  constructor(private readonly storage: MemoryStorage) {
    const local = localPlacement(storage);
    this.placement = { ...local, openTask: async (place) => this.opened(await local.openTask(place), place) };
  }

  /** Hands over the next records of one partition, the `nth` of those that have more; false where none has. */
  deliver(nth: number, most: number): boolean {
    const all = [...this.byPartition.values()];
    for (let at = 0; at < all.length; at++) if (all[(nth + at) % all.length]!.deliver(most)) return true;
    return false;
  }

  private opened(access: TaskAccess, { own, global }: TaskPlace): TaskAccess {
    const partitions = [...own, ...global];
    const bufferOf = (topic: string, partition: number): FetchBuffer => this.byPartition.get(partitionName({ topic, partition }))!.buffer;
    for (const one of partitions) this.fetch(one, 0);
    return {
      ...access,
      log: {
        range: (topic, partition) => bufferOf(topic, partition).range(),
        read: (topic, partition, offset, most) => bufferOf(topic, partition).read(offset, most),
      },
      ends: new Map(partitions.map((one) => [partitionName(one), this.storage.log.range(one.topic, one.partition).end])),
      begin: (positions) => positions.forEach((position) => this.fetch(position, position.next)),
    };
  }

  private fetch({ topic, partition }: PartitionName, start: number): void {
    const recordsFrom = (offset: number, most: number): LogRecord[] => this.storage.log.read(topic, partition, offset, most);
    this.byPartition.set(partitionName({ topic, partition }), fetched(recordsFrom, start));
  }
}
