/**
 * Long names as small numbers: task and store names are in every key of the state, so keys hold a number for them.
 * Numbers are given in order of first use and never change or get reused; no order of keys may depend on them.
 */
import { SkillForgeError } from '../../schemas/errors.js';
import type { BytesDatabase, Environment } from './environment.js';
import { idKey, textKey } from './keys.js';
import { seal, unseal } from './sealed.js';
import type { WriteSet } from './writeSet.js';

/** What a name is of: numbers of tasks and of stores are drawn from one row. */
export type NameKind = 'task' | 'store';
const PREFIX: Readonly<Record<NameKind, string>> = { task: 'T', store: 'S' };
const LAST_ID = 0xffff_fffe;

/** The names of one folder and their numbers. */
export class Names {
  /** One map for each kind: joining kind and name for every lookup would hash a new string each time. */
  private readonly ids: Readonly<Record<NameKind, Map<string, number>>> = { task: new Map(), store: new Map() };
  private readonly unsaved: { readonly kind: NameKind; readonly name: string }[] = [];
  private readonly names: BytesDatabase;
  private next: number;

  constructor(private readonly environment: Environment) {
    this.names = environment.db.names;
    this.next = environment.readOnly ? 0 : this.names.getCount();
  }

  /** The number of a name that was used in a commit, `null` for others. @throws SFS_STATE_CORRUPT */
  find(kind: NameKind, name: string): number | null {
    const known = this.ids[kind].get(name);
    if (known !== undefined) return known;
    const key = textKey(PREFIX[kind] + name);
    const found = this.names.get(key);
    if (found === undefined) return null;
    const id = unseal(key, found)?.readUInt32BE(0);
    if (id === undefined) throw new SkillForgeError('SFS_STATE_CORRUPT', `the number of ${kind} ${name} is damaged: its checksum does not match`);
    this.ids[kind].set(name, id);
    return id;
  }

  /** The number of a name, a new one at first use: {@link saveTo} must follow in the same transaction. @throws SFS_KEY_TOO_LONG, SFS_STATE_CORRUPT */
  intern(kind: NameKind, name: string): number {
    const found = this.find(kind, name);
    if (found !== null) return found;
    if (this.next > LAST_ID) throw new SkillForgeError('SFS_STORAGE_FULL', `${this.environment.folder}: no more task and store names fit`);
    const id = this.next++;
    this.ids[kind].set(name, id);
    this.unsaved.push({ kind, name });
    return id;
  }

  /** Adds the names that were new since the last call. */
  saveTo(writes: WriteSet): void {
    for (const { kind, name } of this.unsaved.splice(0)) {
      const key = textKey(PREFIX[kind] + name);
      writes.put(this.names, key, seal(key, idKey(this.ids[kind].get(name)!)));
    }
  }
}
