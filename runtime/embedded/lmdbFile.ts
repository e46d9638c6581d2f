/**
 * Reads LMDB's data file page by page with plain file reads and bounds checks, without LMDB. LMDB maps the file into memory and
 * trusts it: a damaged page can end the process with a segmentation fault. Here it is an error.
 *
 * Layout (little endian): a page header of 24 bytes is `[page number u64 | txn u64 | pad u16 | flags u16 | lower u16 | upper u16]`;
 * a tree page then holds u16 node positions, relative to the header's end. A node is `[lo u16 | hi u16 | flags u16 | key size u16 | key | data]`.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { FileDamage } from './fileDamage.js';
import { HEADER, HEAD_BYTES, MOST_DEPTH, headOf, isWritten, newestOf, toNumber, type Meta } from './lmdbHead.js';

const NODE = 8;
const LARGE_REFERENCE = 24;
const P_BRANCH = 0x01;
const P_LEAF = 0x02;
const P_OVERFLOW = 0x04;
const F_BIGDATA = 0x01;
const F_SUBDATA = 0x02;
/** No check reads a page as often as that. */
const MOST_READS = 4;

/** Pages of a value that is too large for a tree page. */
export interface LargePages {
  readonly first: number;
  readonly count: number;
}

/** A key with its value. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  /** The value describes a named database. */
  readonly isDatabase: boolean;
  /** Where the value lies, when it is not beside its key. */
  readonly large: LargePages | null;
}

/** A node of a tree page: an entry of a leaf, or a reference to the page whose keys begin at `key`. */
export type TreeNode = (Entry & { readonly child: null }) | { readonly child: number; readonly key: Buffer };

/** A data file that is open for reading. */
export class LmdbFile {
  private readonly descriptor: number;
  readonly meta: Meta;
  pagesRead = 0;
  private size = 0;
  /** Of a page that is looked at: where the node that begins at a position ends. */
  private readonly ends: Uint32Array;

  /** @throws FileDamage when the file's two heads make no sense */
  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    try {
      this.meta = this.newestMeta();
      this.ends = new Uint32Array(this.meta.pageSize);
    } catch (cause) {
      this.close();
      throw cause;
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Entries of a tree in key order; follows large values when `withValues`. @throws FileDamage */
  *entries(root: number | null, withValues: boolean, depth = 0): Iterable<Entry> {
    if (root === null) return;
    if (depth > MOST_DEPTH) throw new FileDamage(`page ${root}: the tree is deeper than it can be`);
    const page = this.treePage(root);
    const isLeaf = page.readUInt16LE(18) === P_LEAF;
    for (const node of this.nodes(page, root)) {
      if (isLeaf) yield this.leafEntry(page, node, root, withValues);
      else yield* this.entries(this.childOf(page, node), withValues, depth + 1);
    }
  }

  /** What a tree page holds, in its order; of a large value the first page only. @throws FileDamage */
  nodesOf(number: number): TreeNode[] {
    const page = this.treePage(number);
    const isLeaf = page.readUInt16LE(18) === P_LEAF;
    return this.nodes(page, number).map((node) => {
      if (isLeaf) return { child: null, ...this.leafEntry(page, node, number, false) };
      return { child: this.childOf(page, node), key: page.subarray(node + NODE, node + NODE + page.readUInt16LE(node + 6)) };
    });
  }

  /** A page of a tree, by its header. @throws FileDamage */
  private treePage(number: number): Buffer {
    const page = this.page(number, 1);
    const flags = page.readUInt16LE(18);
    // LMDB changes a page with some other flags in place, where it is not to be written.
    if (flags !== P_BRANCH && flags !== P_LEAF) throw new FileDamage(`page ${number} is no tree page (flags ${flags})`);
    return page;
  }

  /** Positions of the nodes, which fill the page from `upper` to its end without a gap. */
  private nodes(page: Buffer, number: number): readonly number[] {
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const room = this.meta.pageSize - HEADER;
    if (lower > upper || upper > room || lower % 2 !== 0) throw new FileDamage(`page ${number}: its bounds ${lower}, ${upper} make no sense`);
    const nodes: number[] = [];
    const ends = this.ends.fill(0);
    for (let i = 0; i < lower; i += 2) {
      const node = HEADER + page.readUInt16LE(HEADER + i);
      if (node < HEADER + upper || node + NODE > this.meta.pageSize) throw new FileDamage(`page ${number}: a node lies outside of it`);
      ends[node] = this.endOf(page, node, number);
      nodes.push(node);
    }
    let at = HEADER + upper;
    let steps = 0;
    for (; steps < nodes.length && at !== 0 && at !== this.meta.pageSize; steps++) at = ends[at]!;
    if (at !== this.meta.pageSize || steps < nodes.length) throw new FileDamage(`page ${number}: its nodes overlap or leave gaps`);
    return nodes;
  }

  /** Where a node ends: nodes begin at even positions. */
  private endOf(page: Buffer, node: number, number: number): number {
    const isLeaf = page.readUInt16LE(18) === P_LEAF;
    const flags = page.readUInt16LE(node + 4);
    const valueBytes = !isLeaf ? 0 : (flags & F_BIGDATA) === 0 ? page.readUInt32LE(node) : LARGE_REFERENCE;
    const end = node + NODE + page.readUInt16LE(node + 6) + valueBytes;
    if (end > this.meta.pageSize) throw new FileDamage(`page ${number}: a key or a value lies outside of it`);
    return end + (end % 2);
  }

  private childOf(page: Buffer, node: number): number {
    return page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 0x1_0000_0000;
  }

  private leafEntry(page: Buffer, node: number, number: number, withValues: boolean): Entry {
    const flags = page.readUInt16LE(node + 4);
    if (flags > F_SUBDATA) throw new FileDamage(`page ${number}: a value claims to be of another kind`);
    const dataAt = node + NODE + page.readUInt16LE(node + 6);
    const size = page.readUInt32LE(node);
    const entry = { key: page.subarray(node + NODE, dataAt), isDatabase: flags === F_SUBDATA };
    if (flags !== F_BIGDATA) return { ...entry, value: page.subarray(dataAt, dataAt + size), large: null };
    const large = { first: toNumber(page.readBigUInt64LE(dataAt)), count: toNumber(page.readBigUInt64LE(dataAt + 16)) };
    return { ...entry, value: this.largeValue(large, size, withValues), large };
  }

  /** All of its bytes, or those on its first page. */
  private largeValue({ first, count }: LargePages, size: number, whole: boolean): Buffer {
    if (count < 1 || count * this.meta.pageSize < size + HEADER) throw new FileDamage(`page ${first}: a large value has too few pages`);
    this.assertInFile(first, count);
    const pages = this.page(first, whole ? count : 1);
    if (pages.readUInt16LE(18) !== P_OVERFLOW) throw new FileDamage(`page ${first} is no page of a large value`);
    // LMDB frees as many as the page says.
    if (pages.readUInt32LE(20) !== count) throw new FileDamage(`page ${first}: a large value claims another number of pages`);
    return pages.subarray(HEADER, HEADER + size);
  }

  private page(number: number, count: number): Buffer {
    this.assertInFile(number, count);
    const { pageSize } = this.meta;
    const pages = this.bytes(number * pageSize, count * pageSize);
    if (toNumber(pages.readBigUInt64LE(0)) !== number) throw new FileDamage(`page ${number} holds something else`);
    // LMDB takes a page of a later transaction for one of its own that may be changed in place.
    if (toNumber(pages.readBigUInt64LE(8)) > this.meta.txn) throw new FileDamage(`page ${number} claims to come from a later transaction`);
    this.pagesRead += count;
    if (this.pagesRead > MOST_READS * (this.meta.lastPage + 1)) throw new FileDamage('its pages refer to each other in a circle');
    return pages;
  }

  private assertInFile(number: number, count: number): void {
    const { pageSize, lastPage } = this.meta;
    if (number < 2 || number + count - 1 > lastPage) throw new FileDamage(`page ${number} is referred to, but the last one is ${lastPage}`);
    if ((number + count) * pageSize <= this.size) return;
    // A writer may have made it longer since.
    this.size = fstatSync(this.descriptor).size;
    if ((number + count) * pageSize > this.size) throw new FileDamage(`page ${number} lies beyond the end of the file: the file was cut short`);
  }

  /** Pages that the file has room for now. */
  get pagesInFile(): number {
    return Math.floor(fstatSync(this.descriptor).size / this.meta.pageSize);
  }

  /** The head as it is now: another one than {@link meta} when a writer committed meanwhile. @throws FileDamage */
  newestMeta(): Meta {
    const { pageSize } = headOf(this.bytes(0, HEAD_BYTES), true);
    // The flushed one first: a writer that commits meanwhile makes the others newer, never older.
    const half = this.bytes(pageSize / 2, HEAD_BYTES);
    const flushed = isWritten(half) ? headOf(half, false) : null;
    return newestOf(headOf(this.bytes(0, HEAD_BYTES), true), headOf(this.bytes(pageSize, HEAD_BYTES), true), flushed);
  }

  private bytes(position: number, length: number): Buffer {
    const target = Buffer.allocUnsafe(length);
    const read = readSync(this.descriptor, target, 0, length, position);
    if (read < length) throw new FileDamage(`it ends at byte ${position + read}, within a page that is in use`);
    return target;
  }
}
