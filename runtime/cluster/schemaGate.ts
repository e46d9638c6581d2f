import type { KeyGate } from '../keys/keyGate.js';
import { inPieces } from '../pieces.js';
import type { LogRecord, SchemaRegistry } from '../ports.js';

const HEADER_BYTES = 5;
/** Records that wait for each other, where keys are fetched for them. */
const PIECE = 500;

/** Lets records through whose schemas are known, or known to be unknown, and whose keys are at hand; others wait until the registry, or the ring, has answered. */
export class SchemaGate {
  /** @param schemas - `undefined` lets everything through, and so do `keys` */
  constructor(
    private readonly schemas: SchemaRegistry | undefined,
    private readonly onLearned: () => void,
    private readonly keys: KeyGate | null = null,
  ) {}

  /** The record as it may be decoded; `null` while it may not. */
  ready(topic: string, record: LogRecord): LogRecord | null {
    if (this.schemas !== undefined && this.missingId(record, this.schemas) !== null) return null;
    if (this.keys === null) return record;
    const ready = this.keys.ready(topic, record);
    return ready && this.keys.input(topic, ready);
  }

  /** Calls back when the first of these may be decoded; the keys of all are fetched with it. */
  async hold(records: readonly [LogRecord, ...LogRecord[]], onOpen: () => void, isOver: () => boolean): Promise<void> {
    await this.learn(records[0]);
    await this.keys?.fetch(records, isOver);
    onOpen();
    this.onLearned();
  }

  /** Hands on records that may be decoded, in their order. */
  async *opened(topic: string, records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
    for await (const piece of inPieces(records, this.keys === null ? 1 : PIECE)) yield* await this.openAll(topic, piece);
  }

  /** Resolves when all of these may be decoded. */
  async openAll(topic: string, records: readonly LogRecord[]): Promise<readonly LogRecord[]> {
    for (const record of records) await this.learn(record);
    return this.keys === null ? records : this.keys.opened(topic, records);
  }

  private async learn(record: LogRecord): Promise<void> {
    const id = this.schemas === undefined ? null : this.missingId(record, this.schemas);
    if (id !== null) await this.schemas!.learn(id);
  }

  /** What is not the wire format waits for nothing. */
  private missingId({ value }: LogRecord, schemas: SchemaRegistry): number | null {
    if (value === null || value.length < HEADER_BYTES || value[0] !== 0) return null;
    const id = value.readUInt32BE(1);
    return schemas.isLearned(id) ? null : id;
  }
}
