/**
 * A data key in 128 bytes.
 *
 * ```
 *   0 u8   0 nothing, 1 a key, 2 a deleted key: its id stays, and nothing else
 *   4 u32  version of the branch key
 *   8 f64  made, or deleted, ms since epoch
 *  16      id
 *  32      digest of the owner
 *  64      the wrapped key
 * 124 u32  CRC-32 of what stands before
 * ```
 */
import { crc32 } from 'node:zlib';
import { SkillForgeError } from '../../schemas/errors.js';
import { DIGEST_BYTES, ID_BYTES, WRAPPED_BYTES, type StoredKey } from './dataKeys.js';

/** Bytes of a slot: sectors of disks are a multiple of it, so a slot is on one of them. */
export const SLOT_BYTES = 128;
const CRC_AT = SLOT_BYTES - 4;
const [ID_AT, OWNER_AT, WRAPPED_AT] = [16, 16 + ID_BYTES, 16 + ID_BYTES + DIGEST_BYTES];
const [LIVE, DELETED] = [1, 2];

/** What a slot holds. */
export type Slot =
  | { readonly kind: 'key'; readonly at: number; readonly key: StoredKey }
  | { readonly kind: 'deleted'; readonly at: number; readonly id: string; readonly deletedAtMs: number };

/** The bytes of a key. */
export function keySlot({ id, owner, branch, madeAtMs, wrapped }: StoredKey): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot[0] = LIVE;
  slot.writeUInt32LE(branch, 4);
  slot.writeDoubleLE(madeAtMs, 8);
  slot.write(id, ID_AT, 'base64url');
  slot.write(owner, OWNER_AT, 'base64url');
  wrapped.copy(slot, WRAPPED_AT);
  return checksummed(slot);
}

/** The bytes of a key that was deleted. */
export function deletedSlot(id: string, deletedAtMs: number): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  slot[0] = DELETED;
  slot.writeDoubleLE(deletedAtMs, 8);
  slot.write(id, ID_AT, 'base64url');
  return checksummed(slot);
}

function checksummed(slot: Buffer): Buffer {
  slot.writeUInt32LE(crc32(slot.subarray(0, CRC_AT)), CRC_AT);
  return slot;
}

/** What some bytes are; `null` for nothing. @param where - they lie, for people @throws SFS_KEYS_CORRUPT */
export function slotIn(slot: Buffer, at: number, where: string): Slot | null {
  if (slot[0] === 0 && slot.every((byte) => byte === 0)) return null;
  if (slot.length !== SLOT_BYTES || crc32(slot.subarray(0, CRC_AT)) !== slot.readUInt32LE(CRC_AT))
    throw new SkillForgeError('SFS_KEYS_CORRUPT', `${where}: the slot at byte ${at} is damaged`, { context: { where, at } });
  const id = slot.toString('base64url', ID_AT, OWNER_AT);
  if (slot[0] === DELETED) return { kind: 'deleted', at, id, deletedAtMs: slot.readDoubleLE(8) };
  const owner = slot.toString('base64url', OWNER_AT, WRAPPED_AT);
  const wrapped = Buffer.from(slot.subarray(WRAPPED_AT, WRAPPED_AT + WRAPPED_BYTES));
  return { kind: 'key', at, key: { id, owner, branch: slot.readUInt32LE(4), madeAtMs: slot.readDoubleLE(8), wrapped } };
}
