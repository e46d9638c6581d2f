/** Data keys in a file of slots. A key is appended, and deleted where it stands: its bytes are written over, so that no older copy of it is left in the file. */
import { closeSync, fstatSync, fsyncSync, futimesSync, openSync, readSync, writeSync } from 'node:fs';
import { SkillForgeError } from '../../schemas/index.js';
import { unwritable } from './durableFile.js';
import type { StoredKey } from './dataKeys.js';
import { SLOT_BYTES, deletedSlot, keySlot, slotIn, type Slot } from './slots.js';

/** A file of slots, open for reading, and for writing by who holds the lock. */
export class SlotFile {
  private constructor(
    private readonly path: string,
    private readonly file: number,
  ) {}

  /** @param isNew - makes it where it is not there */
  static open(path: string, access: 'read' | 'write', isNew = false): SlotFile {
    try {
      return new SlotFile(path, openSync(path, access === 'read' ? 'r' : isNew ? 'wx+' : 'r+', 0o600));
    } catch (cause) {
      throw new SkillForgeError('SFS_KEYS_CORRUPT', `${path} cannot be opened`, { cause, context: { path } });
    }
  }

  /** Bytes and time of the last change: equal where nothing changed. */
  get state(): string {
    const { size, mtimeNs } = fstatSync(this.file, { bigint: true });
    return `${size} ${mtimeNs}`;
  }

  /** All slots; a last one that is not whole was being written when its writer ended, and nothing was sealed under it. @throws SFS_KEYS_CORRUPT */
  *slots(): Generator<Slot> {
    const size = Number(fstatSync(this.file, { bigint: true }).size);
    const bytes = Buffer.alloc(size - (size % SLOT_BYTES));
    for (let read = 0; read < bytes.length;) {
      const count = readSync(this.file, bytes, read, bytes.length - read, read);
      if (count === 0) break;
      read += count;
    }
    for (let at = 0; at < bytes.length; at += SLOT_BYTES) {
      const slot = slotIn(bytes.subarray(at, at + SLOT_BYTES), at, this.path);
      if (slot !== null) yield slot;
    }
  }

  /** @returns where it stands; {@link sync} has the disk confirm it */
  append(key: StoredKey): number {
    const size = Number(fstatSync(this.file, { bigint: true }).size);
    const at = size - (size % SLOT_BYTES);
    this.write(at, keySlot(key));
    return at;
  }

  /** Writes a deleted key over a slot, or nothing. */
  overwrite(at: number, deleted: { readonly id: string; readonly deletedAtMs: number } | null): void {
    this.write(at, deleted === null ? Buffer.alloc(SLOT_BYTES) : deletedSlot(deleted.id, deleted.deletedAtMs));
  }

  sync(): void {
    try {
      // The clock of file systems ticks in milliseconds: two changes within a tick would look as one to who compares times.
      const now = (performance.timeOrigin + performance.now()) / 1_000;
      futimesSync(this.file, now, now);
      fsyncSync(this.file);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  private write(at: number, slot: Buffer): void {
    try {
      writeSync(this.file, slot, 0, SLOT_BYTES, at);
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }
}
