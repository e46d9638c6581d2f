import type { LogRecord, SchemaRegistry } from '../ports.js';

const HEADER_BYTES = 5;

/** Lets records through whose schemas are known, or known to be unknown; others wait until the registry has answered. */
export class SchemaGate {
  /** @param schemas - `undefined` lets everything through */
  constructor(
    private readonly schemas: SchemaRegistry | undefined,
    private readonly onLearned: () => void,
  ) {}

  /** Whether a record may be decoded. */
  isOpen(record: LogRecord): boolean {
    return this.schemas === undefined || this.missingId(record, this.schemas) === null;
  }

  /** Calls back when the record may be decoded. */
  async hold(record: LogRecord, onOpen: () => void): Promise<void> {
    await this.learn(record);
    onOpen();
    this.onLearned();
  }

  /** Hands on records that may be decoded, in their order. */
  async *opened(records: AsyncIterable<LogRecord>): AsyncGenerator<LogRecord> {
    for await (const record of records) {
      await this.learn(record);
      yield record;
    }
  }

  /** Resolves when all of these may be decoded. */
  async learnAll(records: readonly LogRecord[]): Promise<void> {
    for (const record of records) await this.learn(record);
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
