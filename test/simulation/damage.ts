/** Flips bits of an LMDB file: anywhere, or where it hurts most: in its heads, its list of free pages, and the pages of its trees. */
import type { SeededRandom } from '../../scripts/synthetic/index.js';

const PAGE = 4096;
const HEADER = 24;
const NODE = 8;
const P_BRANCH = 1;
const P_LEAF = 2;
const MOST_FLIPS = 8;
/** Where a head may begin, and its bytes that tell something. */
const HEADS = [0, PAGE / 2, PAGE];
const HEAD = 168;
const HEAD_FREE_ROOT = 88;
const HEAD_TXN = 152;

export interface Damage {
  readonly bytes: Buffer;
  /** Where it was done. */
  readonly told: string;
}

/** A damaged copy. One in three has a few flipped bits anywhere, the others have one where LMDB goes by it: in a page of a tree, the free list, or a head. */
export function damage(sound: Buffer, random: SeededRandom): Damage {
  const bytes = Buffer.from(sound);
  const places = placesIn(sound, random);
  for (const place of places) bytes[place]! ^= 1 << random.below(8);
  return { bytes, told: `flipped ${places.map((place) => describePlace(sound, place)).join(', ')}` };
}

function placesIn(sound: Buffer, random: SeededRandom): number[] {
  const kind = random.below(12);
  if (kind < 4) return Array.from({ length: 1 + random.below(MOST_FLIPS) }, () => random.below(sound.length));
  if (kind < 5) return [HEADS[random.below(HEADS.length)]! + random.below(HEAD)];
  if (kind < 7) return [placeInFreeList(sound, random)];
  return [placeInTree(sound, random)];
}

/** Within the root of the list of free pages, which holds all of a short one. */
function placeInFreeList(bytes: Buffer, random: SeededRandom): number {
  const newest = bytes.readBigUInt64LE(HEAD_TXN) > bytes.readBigUInt64LE(PAGE + HEAD_TXN) ? 0 : PAGE;
  const root = Number(bytes.readBigUInt64LE(newest + HEAD_FREE_ROOT));
  return root * PAGE < bytes.length ? placeInUse(bytes, root * PAGE, random) : placeInTree(bytes, random);
}

/** Within the part of a tree page that is in use. */
function placeInTree(bytes: Buffer, random: SeededRandom): number {
  for (;;) {
    const start = random.below(bytes.length / PAGE) * PAGE;
    if ((flagsOf(bytes, start) & (P_BRANCH | P_LEAF)) === 0 || start < 2 * PAGE) continue;
    const lower = bytes.readUInt16LE(start + 20);
    const upper = bytes.readUInt16LE(start + 22);
    if (lower <= upper && HEADER + upper < PAGE) return placeInUse(bytes, start, random);
  }
}

/** Within what is in use of the tree page that begins at `start`. */
function placeInUse(bytes: Buffer, start: number, random: SeededRandom): number {
  const lower = HEADER + bytes.readUInt16LE(start + 20);
  const upper = HEADER + bytes.readUInt16LE(start + 22);
  const at = random.below(lower + PAGE - upper);
  return start + (at < lower ? at : upper + at - lower);
}

const flagsOf = (bytes: Buffer, start: number): number =>
  Number(bytes.readBigUInt64LE(start)) === start / PAGE ? bytes.readUInt16LE(start + 18) : 0;

function describePlace(bytes: Buffer, place: number): string {
  const start = place - (place % PAGE);
  const flags = flagsOf(bytes, start);
  const isTree = (flags & (P_BRANCH | P_LEAF)) !== 0;
  const kind = flags & P_BRANCH ? 'branch' : isTree ? 'leaf' : 'other';
  const where = isTree ? partOfPage(bytes.subarray(start, start + PAGE), place - start) : '';
  return `byte ${place - start} of page ${start / PAGE} (${kind}${where})`;
}

/** Which part of a tree page a byte belongs to; of a node, with its key. */
function partOfPage(page: Buffer, at: number): string {
  const lower = HEADER + page.readUInt16LE(20);
  if (at < HEADER) return ', page header';
  if (at < lower) return ', node positions';
  for (let position = HEADER; position < lower; position += 2) {
    const node = HEADER + page.readUInt16LE(position);
    const keyEnd = node + NODE + page.readUInt16LE(node + 6);
    const key = page.toString('latin1', node + NODE, keyEnd).replace(/[^\x20-\x7e]/g, '.');
    if (at >= node && at < node + NODE) return `, node header of "${key}"`;
    if (at >= node + NODE && at < keyEnd) return `, key "${key}"`;
  }
  return ', value';
}
