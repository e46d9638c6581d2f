/** Everything that the tasks of a folder keep, whichever topology they are of: for what has to look into all of it. */
import { SkillForgeError } from '../../schemas/errors.js';
import type { KeyedRow, QueueEntry } from '../ports.js';
import type { BytesDatabase, Databases } from './environment.js';
import { asBuffer, idKey, parseQueueKey } from './keys.js';
import type { FolderSeal } from './folderSeal.js';
import { unseal } from './sealed.js';
import type { StorageGate } from './storageGate.js';

/** A row with the task and the store that it is of. */
export interface StoredRow extends KeyedRow {
  readonly task: string;
  readonly store: string;
  /** Its key was deleted: `value` is sealed, and nobody can read it. */
  readonly isUnlinkable: boolean;
  /** Where it lies in the database. */
  readonly place: Buffer;
}

/** A timer with the task that it is of. */
export interface StoredTimer extends QueueEntry {
  readonly task: string;
  /** Where it lies in the database. */
  readonly place: Buffer;
}

/** Entries that are taken at a time: no cursor stays open while the caller works on them. */
const PAGE = 256;

/** Goes through rows and timers of all tasks in the order of the database; what is written meanwhile may come or not. */
export class Contents {
  constructor(
    private readonly gate: StorageGate,
    private readonly db: Databases,
    private readonly seal: () => FolderSeal | null,
  ) {}

  /** @throws SFS_STATE_CORRUPT */
  *rows(): Generator<StoredRow, void, undefined> {
    const names = this.names();
    for (const { place, value } of this.entries(this.db.state)) {
      const [task, store] = [nameIn(names, place.readUInt32BE(0)), nameIn(names, place.readUInt32BE(4))];
      const key = place.toString('utf8', 8);
      const opened = this.seal()?.openedRow(store, key, value) ?? value;
      yield { task, store, key, value: opened, place, isUnlinkable: this.seal()?.isUnlinkableRow(opened) ?? false };
    }
  }

  /** @throws SFS_STATE_CORRUPT */
  *timers(): Generator<StoredTimer, void, undefined> {
    const names = this.names();
    for (const { place, value } of this.entries(this.db.queue)) {
      yield { ...parseQueueKey(place), task: nameIn(names, place.readUInt32BE(0)), payload: value, place };
    }
  }

  /** Names of tasks and stores by their numbers, which are drawn from one row. */
  private names(): ReadonlyMap<number, string> {
    return this.gate.reading(() => {
      const found = [...this.db.names.getRange()].map(({ key, value }) => {
        const bytes = asBuffer(key);
        return [checked(bytes, value).readUInt32BE(0), bytes.toString('utf8', 1)] as const;
      });
      return new Map(found);
    });
  }

  private *entries(database: BytesDatabase): Generator<{ readonly place: Buffer; readonly value: Buffer }, void, undefined> {
    let after: Buffer | null = null;
    for (;;) {
      const page = this.pageOf(database, after);
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.place;
    }
  }

  private pageOf(database: BytesDatabase, after: Buffer | null): { place: Buffer; value: Buffer }[] {
    return this.gate.reading(() => {
      const range = database.getRange({ start: after ?? idKey(0), exclusiveStart: after !== null, limit: PAGE });
      return Array.from(range, ({ key, value }) => {
        const place = Buffer.from(asBuffer(key));
        return { place, value: checked(place, value) };
      });
    });
  }
}

function nameIn(names: ReadonlyMap<number, string>, id: number): string {
  return names.get(id) ?? `number ${id}`;
}

function checked(place: Buffer, sealed: Buffer): Buffer {
  const value = unseal(place, sealed);
  if (value !== null) return value;
  throw new SkillForgeError('SFS_STATE_CORRUPT', 'an entry of the state is damaged: its checksum does not match');
}
