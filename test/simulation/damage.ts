/** Flips bits of an LMDB file: anywhere, or where it hurts most, in the pages of its trees. */
import type { SeededRandom } from '../../scripts/synthetic/index.js';

const PAGE = 4096;
const HEADER = 24;
const NODE = 8;
const P_BRANCH = 1;
const P_LEAF = 2;
const MOST_FLIPS = 8;

export interface Damage {
  readonly bytes: Buffer;
  /** Where it was done. */
  readonly told: string;
}

/** A damaged copy. One in three has a few flipped bits anywhere, the others have one in a page of a tree: its header, node or key. */
export function damage(sound: Buffer, random: SeededRandom): Damage {
  const bytes = Buffer.from(sound);
  const places =
    random.below(3) === 0 ? Array.from({ length: 1 + random.below(MOST_FLIPS) }, () => random.below(bytes.length)) : [placeInTree(sound, random)];
  for (const place of places) bytes[place]! ^= 1 << random.below(8);
  return { bytes, told: `flipped ${places.map((place) => describePlace(sound, place)).join(', ')}` };
}

/** Within the part of a tree page that is in use. */
function placeInTree(bytes: Buffer, random: SeededRandom): number {
  for (;;) {
    const start = random.below(bytes.length / PAGE) * PAGE;
    if ((flagsOf(bytes, start) & (P_BRANCH | P_LEAF)) === 0 || start < 2 * PAGE) continue;
    const lower = HEADER + bytes.readUInt16LE(start + 20);
    const upper = HEADER + bytes.readUInt16LE(start + 22);
    if (lower > upper || upper >= PAGE) continue;
    const at = random.below(lower + PAGE - upper);
    return start + (at < lower ? at : upper + at - lower);
  }
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
