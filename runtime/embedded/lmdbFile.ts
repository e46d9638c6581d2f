/**
 * Reads LMDB's data file page by page with plain file reads and bounds checks, without LMDB. LMDB maps the file into memory and
 * trusts it: a damaged page can end the process with a segmentation fault. Here it is an error.
 *
 * Layout (little endian): a page header of 24 bytes is `[page number u64 | txn u64 | pad u16 | flags u16 | lower u16 | upper u16]`;
 * a tree page then holds u16 node positions, relative to the header's end. A node is `[lo u16 | hi u16 | flags u16 | key size u16 | key | data]`.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const HEADER = 24;
const NODE = 8;
const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const P_BRANCH = 0x01;
const P_LEAF = 0x02;
const P_OVERFLOW = 0x04;
const P_META = 0x08;
const F_BIGDATA = 0x01;
const F_SUBDATA = 0x02;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const MAX_DEPTH = 32;

/** What every check of this file throws; callers add the folder. */
export class FileDamage extends Error {}

/** The newer of the two heads of the file: where its trees begin. */
export interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly txn: number;
  readonly freeRoot: number | null;
  readonly mainRoot: number | null;
}

/** A key with its value. */
export interface Entry {
  readonly key: Buffer;
  readonly value: Buffer;
  /** The value is a named database: its root is {@link rootOf} the value. */
  readonly isDatabase: boolean;
}

/** A node of a tree page: an entry of a leaf, or a reference to the page whose keys begin at `key`. */
export type TreeNode = (Entry & { readonly child: null }) | { readonly child: number; readonly key: Buffer };

/** A data file that is open for reading. */
export class LmdbFile {
  private readonly descriptor: number;
  readonly meta: Meta;
  pagesRead = 0;
  private size = 0;

  /** @throws FileDamage when the file's two heads make no sense */
  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    try {
      this.meta = this.newestMeta();
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
    if (depth > MAX_DEPTH) throw new FileDamage(`page ${root}: the tree is deeper than it can be`);
    const page = this.treePage(root);
    const isLeaf = (page.readUInt16LE(18) & P_LEAF) !== 0;
    for (const node of this.nodes(page, root)) {
      if (isLeaf) yield this.leafEntry(page, node, root, withValues);
      else yield* this.entries(this.childOf(page, node), withValues, depth + 1);
    }
  }

  /** What a tree page holds, in its order; of a large value the first page only. @throws FileDamage */
  *nodesOf(number: number): Iterable<TreeNode> {
    const page = this.treePage(number);
    const isLeaf = (page.readUInt16LE(18) & P_LEAF) !== 0;
    for (const node of this.nodes(page, number)) {
      if (isLeaf) yield { child: null, ...this.leafEntry(page, node, number, false) };
      else yield { child: this.childOf(page, node), key: page.subarray(node + NODE, node + NODE + page.readUInt16LE(node + 6)) };
    }
  }

  /** A root or inner page whose header and node positions are sound. @throws FileDamage */
  treePage(number: number): Buffer {
    const page = this.page(number, 1);
    const flags = page.readUInt16LE(18);
    if ((flags & (P_BRANCH | P_LEAF)) === 0) throw new FileDamage(`page ${number} is no tree page (flags ${flags})`);
    return page;
  }

  private *nodes(page: Buffer, number: number): Iterable<number> {
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const room = this.meta.pageSize - HEADER;
    if (lower > upper || upper > room || lower % 2 !== 0) throw new FileDamage(`page ${number}: its bounds ${lower}, ${upper} make no sense`);
    for (let i = 0; i < lower; i += 2) {
      const node = HEADER + page.readUInt16LE(HEADER + i);
      if (node < HEADER + upper || node + NODE > this.meta.pageSize) throw new FileDamage(`page ${number}: a node lies outside of it`);
      if (node + NODE + page.readUInt16LE(node + 6) > this.meta.pageSize) throw new FileDamage(`page ${number}: a key lies outside of it`);
      yield node;
    }
  }

  private childOf(page: Buffer, node: number): number {
    return page.readUInt32LE(node) + page.readUInt16LE(node + 4) * 0x1_0000_0000;
  }

  private leafEntry(page: Buffer, node: number, number: number, withValues: boolean): Entry {
    const flags = page.readUInt16LE(node + 4);
    const dataAt = node + NODE + page.readUInt16LE(node + 6);
    const size = page.readUInt32LE(node);
    const key = page.subarray(node + NODE, dataAt);
    const inline = (flags & F_BIGDATA) === 0;
    if (dataAt + (inline ? size : 24) > page.length) throw new FileDamage(`page ${number}: a value lies outside of it`);
    const value = inline ? page.subarray(dataAt, dataAt + size) : this.largeValue(page, dataAt, size, withValues);
    return { key, value, isDatabase: (flags & F_SUBDATA) !== 0 };
  }

  /** All of its bytes, or those on its first page. */
  private largeValue(page: Buffer, at: number, size: number, whole: boolean): Buffer {
    const first = toNumber(page.readBigUInt64LE(at));
    const count = toNumber(page.readBigUInt64LE(at + 16));
    if (count < 1 || count * this.meta.pageSize < size + HEADER) throw new FileDamage(`page ${first}: a large value has too few pages`);
    this.assertInFile(first, count);
    const pages = this.page(first, whole ? count : 1);
    if ((pages.readUInt16LE(18) & P_OVERFLOW) === 0) throw new FileDamage(`page ${first} is no page of a large value`);
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

  /** The head as it is now: another one than {@link meta} when a writer committed meanwhile. */
  newestMeta(): Meta {
    const first = this.metaAt(0, 4096);
    const second = this.metaAt(first.pageSize, first.pageSize);
    if (second.pageSize !== first.pageSize) throw new FileDamage('its two heads disagree about the page size');
    return second.txn > first.txn ? second : first;
  }

  private metaAt(position: number, minimumBytes: number): Meta {
    const page = this.bytes(position, Math.min(minimumBytes, 4096));
    if ((page.readUInt16LE(18) & P_META) === 0 || page.readUInt32LE(HEADER) !== MAGIC) throw new FileDamage('its head is not that of an LMDB file');
    if ((page.readUInt32LE(HEADER + 4) & 0xffff) !== DATA_VERSION) throw new FileDamage('its head has an unknown LMDB version');
    const at = HEADER + 24;
    const pageSize = page.readUInt32LE(at);
    const lastPage = toNumber(page.readBigUInt64LE(at + 96));
    if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) throw new FileDamage(`its head claims a page size of ${pageSize}`);
    const roots = { freeRoot: rootOf(page.subarray(at, at + 48)), mainRoot: rootOf(page.subarray(at + 48, at + 96)) };
    for (const root of Object.values(roots))
      if (root !== null && root > lastPage) throw new FileDamage('its head refers to a page beyond the last one');
    return { pageSize, lastPage, txn: toNumber(page.readBigUInt64LE(at + 104)), ...roots };
  }

  private bytes(position: number, length: number): Buffer {
    const target = Buffer.allocUnsafe(length);
    const read = readSync(this.descriptor, target, 0, length, position);
    if (read < length) throw new FileDamage(`it ends at byte ${position + read}, within a page that is in use`);
    return target;
  }
}

/** Root page of a database from its 48-byte description, `null` when it is empty. */
export function rootOf(description: Buffer): number | null {
  if (description.length < 48) throw new FileDamage('the description of a database is cut short');
  const root = description.readBigUInt64LE(40);
  return root === NO_PAGE ? null : toNumber(root);
}

function toNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}
