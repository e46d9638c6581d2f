import type { SkillForgeError } from '../../schemas/index.js';
import type { Broker, FetchedRecords, ManualReader } from '../kafka/broker.js';
import { partitionName } from '../partitionName.js';
import type { PartitionName, TaskPosition } from '../ports.js';
import { FetchControl, FetchBuffer } from './fetchBuffer.js';
import type { SchemaGate } from './schemaGate.js';

/** Reads the partitions of a task that every task reads: as no member of a group, at a pace of its own. */
export class GlobalReader {
  readonly buffers = new Map<string, FetchBuffer>();

  private constructor(private readonly onFetched: () => void) {}

  private reader!: ManualReader;

  /** @param starts - first offset of each partition */
  static async open(broker: Broker, starts: readonly TaskPosition[], gate: SchemaGate, onFetched: () => void): Promise<GlobalReader> {
    const global = new GlobalReader(onFetched);
    const { reader } = Object.assign(global, {
      reader: await broker.reader({ onRecords: (fetched) => global.take(fetched), onError: (error) => global.fail(error) }),
    });
    for (const start of starts) {
      global.buffers.set(partitionName(start), new FetchBuffer(start.next, new FetchControl(reader, start.topic, start.partition), gate));
    }
    return global;
  }

  async begin(positions: readonly TaskPosition[]): Promise<void> {
    for (const position of positions) this.bufferOf(position).begin(position.next);
    await this.reader.assign(positions.map(({ topic, partition, next }) => ({ topic, partition, offset: next })));
  }

  close(): Promise<void> {
    return this.reader.close();
  }

  private bufferOf(partition: PartitionName): FetchBuffer {
    return this.buffers.get(partitionName(partition))!;
  }

  private take(fetched: FetchedRecords): void {
    this.bufferOf(fetched).take(fetched);
    this.onFetched();
  }

  private fail(error: SkillForgeError): void {
    for (const buffer of this.buffers.values()) buffer.fail(error);
    this.onFetched();
  }
}
