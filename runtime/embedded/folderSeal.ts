/** Seals what is written to a folder that has keys, and opens what is read. Everything passes here, whoever writes or reads. */
import { LocalSchemaIds, Sealing, isWhole, type DiskKeys, type SealedRow } from '../../schemas/index.js';
import { isKeyOfLearner } from '../../schemas/learnerKeys.js';
import { diskKeysOf } from '../keys/diskKeys.js';
import type { FolderRing } from '../keys/folderRing.js';
import { openedRecord } from '../keys/openedRecord.js';
import type { LogRecord, OutputRecord, StateWrite } from '../ports.js';

/** What the seal of a folder goes by. */
export interface FolderSealParts {
  readonly ring: FolderRing;
  /** The document that keeps the schema of a topic. */
  readonly schemaDocument: (physicalName: string) => Buffer | null;
  /** Since when nothing is taken under a name; `null` for one that is taken. */
  readonly erasedSince: (name: Buffer) => number | null;
  readonly clock: () => number;
}

/** The seal of one folder. All calls may throw what its ring throws: SFS_KEYS_UNAVAILABLE, SFS_KEY_UNKNOWN, SFS_KEYS_BUSY, SFS_KEYS_UNWRITABLE, SFS_KEYS_CORRUPT. */
export class FolderSeal {
  /** For files beside the folder, such as the view of a reader. */
  readonly diskKeys: DiskKeys;
  private readonly sealing: Sealing;

  constructor(private readonly parts: FolderSealParts) {
    const { ring, schemaDocument, clock } = parts;
    this.diskKeys = diskKeysOf(() => Promise.resolve(ring.document));
    this.sealing = new Sealing({ ring, ids: LocalSchemaIds.withAccepted(), schemaDocument, clock, isErased: (name) => this.isErased(name) });
  }

  /** Seals outputs and rows of one commit; the keys that this made are on the disk when it returns. */
  commit<C extends { readonly outputs: readonly OutputRecord[]; readonly state: readonly StateWrite[] }>(commit: C): C {
    const { outputs, state } = commit;
    const sealed = { ...commit, outputs: this.records(outputs), state: state.map((row) => this.row(row)) };
    this.parts.ring.flush();
    return sealed;
  }

  /** As {@link commit}, without rows. */
  append(records: readonly OutputRecord[]): readonly OutputRecord[] {
    const sealed = this.records(records);
    this.parts.ring.flush();
    return sealed;
  }

  /** A record as it was written; see {@link LogRecord.unopened} for what nobody can open. */
  opened(topic: string, record: LogRecord): LogRecord {
    return openedRecord(topic, record, this.sealing);
  }

  /** A record of the log, or what takes its place, sealed; the same record where nothing in it is to be. */
  resealed(topic: string, record: LogRecord): LogRecord {
    const { offset, appendTimeMs, key, value, header } = record;
    const sealed = this.sealing.sealRecord({ topic, key, value });
    if (sealed === value) return record;
    this.parts.ring.flush();
    return { offset, appendTimeMs, key, value: sealed, header };
  }

  /** The bytes of a row; `null` where its key was deleted. */
  openedRow(store: string, key: string, value: Buffer): Buffer | null {
    return this.sealing.openRow({ store, key, value });
  }

  /** Whether the bytes of a row are sealed under a key that was deleted. */
  isUnlinkableRow(value: Buffer): boolean {
    const id = isWhole(value) ? this.sealing.keyIdOf(value) : null;
    return id !== null && this.parts.ring.isDeleted(id);
  }

  /** The bytes of a row, or of what takes its place, sealed; the same bytes where nothing in it is to be. */
  resealedRow(row: SealedRow): Buffer | null {
    const { value } = this.row(row);
    if (value !== row.value) this.parts.ring.flush();
    return value;
  }

  /** @returns the same row where nothing in it is sealed */
  private row<R extends SealedRow>(row: R): R {
    const value = this.sealing.sealRow(row);
    return value === row.value ? row : { ...row, value };
  }

  close(): void {
    this.parts.ring.close();
  }

  private records(outputs: readonly OutputRecord[]): OutputRecord[] {
    return outputs.map((output) => {
      // It is left out when it is written: nobody makes a key for it.
      if (output.key !== null && this.isRefused(output.topic, output.key)) return output;
      const value = this.sealing.sealRecord(output);
      return value === output.value ? output : { ...output, value };
    });
  }

  private isRefused(topic: string, key: Buffer): boolean {
    if (this.parts.erasedSince(key) === null) return false;
    const name = key.toString();
    return isKeyOfLearner(topic, name, name, this.parts.schemaDocument(topic));
  }

  private isErased(name: string): boolean {
    return this.parts.erasedSince(Buffer.from(name)) !== null;
  }
}
