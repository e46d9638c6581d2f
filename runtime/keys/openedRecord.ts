import { SkillForgeError, errorCodeOf, type KeyRing, type Sealing } from '../../schemas/index.js';
import type { LogRecord } from '../ports.js';

/** After these a value stays as it is: nobody can open it, now or later. */
const FOR_GOOD: ReadonlySet<string> = new Set(['SFS_KEY_DELETED', 'SFS_SEAL_BROKEN']);

/** A record as it was before it was sealed; it is opened when its value is asked for. */
export function openedRecord(topic: string, record: LogRecord, sealing: Sealing): LogRecord {
  const { value } = record;
  return value === null || !sealing.isSealed(value) ? record : new OpenedRecord(topic, record, sealing);
}

/** The same with a key, or the failure to get one, that was asked for before: it is there whenever the value is asked for. */
export const openedWith = (topic: string, record: LogRecord, sealing: Sealing, keys: Pick<KeyRing, 'opening'>): LogRecord =>
  new OpenedRecord(topic, record, sealing, keys);

class OpenedRecord implements LogRecord {
  private opened: Buffer | null | undefined;
  private failure: SkillForgeError | null = null;

  constructor(
    private readonly topic: string,
    private readonly record: LogRecord,
    private readonly sealing: Sealing,
    private readonly keys?: Pick<KeyRing, 'opening'>,
  ) {}

  get offset(): number {
    return this.record.offset;
  }

  get appendTimeMs(): number {
    return this.record.appendTimeMs;
  }

  get key(): Buffer | null {
    return this.record.key;
  }

  get keyText(): string | null {
    const { keyText, key } = this.record;
    return keyText === undefined ? (key?.toString() ?? null) : keyText;
  }

  get byteSize(): number {
    const { byteSize, key, header } = this.record;
    return byteSize ?? (key?.length ?? 0) + (this.record.value?.length ?? 0) + (header?.length ?? 0);
  }

  get header(): Buffer | null {
    return this.record.header;
  }

  get value(): Buffer | null {
    return this.openOnce();
  }

  get sealed(): Buffer | null {
    return this.record.value;
  }

  get unopened(): SkillForgeError | null {
    this.openOnce();
    return this.failure;
  }

  private openOnce(): Buffer | null {
    if (this.opened === undefined) this.opened = this.open();
    return this.opened;
  }

  /** @throws SFS_KEY_UNKNOWN, SFS_KEYS_UNAVAILABLE */
  private open(): Buffer | null {
    const { key, value } = this.record;
    try {
      return this.sealing.openRecord({ topic: this.topic, key, value }, this.keys);
    } catch (error) {
      if (!(error instanceof SkillForgeError) || !FOR_GOOD.has(errorCodeOf(error))) throw error;
      this.failure = error;
      return value;
    }
  }
}

/** For who keeps the last record of each key: of what nobody can read any more it learns that it is gone. */
export const asTombstone = (record: LogRecord): LogRecord =>
  isUnlinkable(record) ? { offset: record.offset, appendTimeMs: record.appendTimeMs, key: record.key, value: null, header: record.header } : record;

/** Whether nobody can read a record any more: its key was deleted. */
export const isUnlinkable = ({ unopened }: Pick<LogRecord, 'unopened'>): boolean => unopened?.code === 'SFS_KEY_DELETED';
