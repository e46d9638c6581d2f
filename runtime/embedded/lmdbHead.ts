/** The heads of LMDB's data file: where its trees begin. Three are kept, and LMDB takes one of them; each must make sense. */
import { FileDamage } from './fileDamage.js';

/** Bytes of the header that every page begins with. */
export const HEADER = 24;
/** Bytes from the start of a page that a head takes. */
export const HEAD_BYTES = 256;
const MAGIC = 0xbeef_c0de;
const DATA_VERSION = 2;
const P_META = 0x08;
/** What LMDB notes in the flags of its list of free pages: keys are numbers, and commits may not be flushed yet. */
const INTEGER_KEYS = 0x08;
const UNFLUSHED = 0x1000;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const DESCRIPTION = 48;
const MOST_TRANSACTIONS = 2 ** 48;
/** No tree is deeper. */
export const MOST_DEPTH = 32;
const TXN_AT = HEADER + 24 + 104;

/** What is written of a tree beside its root. */
export interface TreeDescription {
  /** `null` for an empty tree. */
  readonly root: number | null;
  readonly depth: number;
  readonly branchPages: number;
  readonly leafPages: number;
  readonly largePages: number;
  readonly entries: number;
}

/** A head of the file. */
export interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly txn: number;
  /** LMDB's list of free pages. */
  readonly free: TreeDescription;
  /** The tree of all databases. */
  readonly main: TreeDescription;
}

/** Whether a head was ever written there. */
export const isWritten = (page: Buffer): boolean => page.readBigUInt64LE(TXN_AT) !== 0n;

/** Reads the head of a page. @param isMarked - the head that LMDB keeps for the last flush has no mark of its own. @throws FileDamage */
export function headOf(page: Buffer, isMarked: boolean): Meta {
  if (isMarked) assertMarked(page);
  const at = HEADER + 24;
  const pageSize = page.readUInt32LE(at);
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0) throw new FileDamage(`its head claims a page size of ${pageSize}`);
  const flags = page.readUInt16LE(at + 4);
  if ((flags & ~UNFLUSHED) !== INTEGER_KEYS) throw new FileDamage(`its head claims flags of ${flags}`);
  const meta = {
    pageSize,
    free: fieldsOf(page.subarray(at, at + DESCRIPTION)),
    main: descriptionOf(page.subarray(at + DESCRIPTION, at + 2 * DESCRIPTION)),
    lastPage: toNumber(page.readBigUInt64LE(at + 96)),
    txn: toNumber(page.readBigUInt64LE(TXN_AT)),
  };
  if (meta.txn > MOST_TRANSACTIONS) throw new FileDamage('its head claims more transactions than there can be');
  for (const { root } of [meta.free, meta.main])
    if (root !== null && root > meta.lastPage) throw new FileDamage('its head refers to a page beyond the last one');
  return meta;
}

function assertMarked(page: Buffer): void {
  if ((page.readUInt16LE(18) & P_META) === 0 || page.readUInt32LE(HEADER) !== MAGIC) throw new FileDamage('its head is not that of an LMDB file');
  if ((page.readUInt32LE(HEADER + 4) & 0xffff) !== DATA_VERSION) throw new FileDamage('its head has an unknown LMDB version');
}

/** The newer of the two marked heads, when all three agree. @param flushed - `null` before the first flush. @throws FileDamage */
export function newestOf(first: Meta, second: Meta, flushed: Meta | null): Meta {
  const newest = second.txn > first.txn ? second : first;
  for (const head of [first, second, flushed]) {
    if (head === null) continue;
    if (head.pageSize !== newest.pageSize) throw new FileDamage('its heads disagree about the page size');
    if (head.txn > newest.txn) throw new FileDamage('its head of the last flush claims to be newer than the others');
    if (head.txn === newest.txn && !isSame(head, newest)) throw new FileDamage('its heads disagree about the last transaction');
  }
  return newest;
}

const isSame = (a: Meta, b: Meta): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A database from its 48-byte description. @throws FileDamage when it is none of this module's */
export function descriptionOf(bytes: Buffer): TreeDescription {
  if (bytes.length !== DESCRIPTION) throw new FileDamage('the description of a database has another length');
  // Another order of keys, or several values for one.
  if (bytes.readUInt32LE(0) !== 0 || bytes.readUInt16LE(4) !== 0) throw new FileDamage('a database claims to be of another kind');
  return fieldsOf(bytes);
}

function fieldsOf(bytes: Buffer): TreeDescription {
  const root = bytes.readBigUInt64LE(40);
  const depth = bytes.readUInt16LE(6);
  if (depth > MOST_DEPTH) throw new FileDamage(`a tree claims a depth of ${depth}`);
  const [branchPages, leafPages, largePages, entries] = [8, 16, 24, 32].map((at) => toNumber(bytes.readBigUInt64LE(at))) as [
    number,
    number,
    number,
    number,
  ];
  return { root: root === NO_PAGE ? null : toNumber(root), depth, branchPages, leafPages, largePages, entries };
}

/** Numbers that no file reaches become `Infinity`. */
export function toNumber(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}
