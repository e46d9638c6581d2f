/**
 * Whether the trees of a data file lead where they should. A value that lies under a damaged key, or behind a damaged reference, would
 * simply not be found: an answer, and a wrong one. So keys must ascend, lie between those of the pages above, and match the checksum that
 * was written beside their value.
 */
import { FileDamage, rootOf, type LmdbFile, type TreeNode } from './lmdbFile.js';
import { isBatchUnder } from './recordBatch.js';
import { isSealedUnder } from './sealed.js';

/** A page to look at, and what is known of it from the pages above. */
interface Visit {
  readonly page: number;
  /** Name of the database; `null` for the tree of all databases. */
  readonly database: string | null;
  /** Keys of the page lie in [from, before). */
  readonly from: Buffer | null;
  readonly before: Buffer | null;
}

/** How the keys of a database are told to be sound. The others (`meta`) hold nothing that decides results. */
const KEY_CHECKS: Readonly<Record<string, (key: Buffer, value: Buffer) => boolean>> = {
  log: isBatchUnder,
  ...Object.fromEntries(['names', 'topics', 'ranges', 'state', 'queue', 'progress', 'documents'].map((name) => [name, isSealedUnder])),
};

/**
 * Looks at the tree pages of a file, upper levels first, until `mostPages` were read: O(entries on them).
 * @throws FileDamage with the page
 */
export function checkTrees(file: LmdbFile, mostPages: number): void {
  const { mainRoot, freeRoot } = file.meta;
  // LMDB's own list of free pages has numbers for keys, in another order; it is checked for its structure.
  const roots: number[] = freeRoot === null ? [] : [freeRoot];
  const visits: Visit[] = mainRoot === null ? [] : [{ page: mainRoot, database: null, from: null, before: null }];
  for (let i = 0; i < visits.length && file.pagesRead < mostPages; i++) {
    // A tree that leads back to itself never ends.
    if (i > file.meta.lastPage) throw new FileDamage('its pages refer to each other in a circle');
    visits.push(...checkPage(file, visits[i]!));
  }
  for (let i = 0; i < roots.length && file.pagesRead < mostPages; i++) {
    for (const { child } of file.nodesOf(roots[i]!)) if (child !== null) roots.push(child);
  }
}

/** @returns the pages that it refers to */
function checkPage(file: LmdbFile, visit: Visit): Visit[] {
  const found: Visit[] = [];
  let last: Buffer | null = null;
  let open: Omit<Visit, 'before'> | null = null;
  for (const node of file.nodesOf(visit.page)) {
    // The first key of a branch stands for everything before the second.
    const isFirstOfBranch = node.child !== null && last === null;
    if (!isFirstOfBranch) assertPlace(visit, last, node.key);
    if (open !== null) found.push({ ...open, before: node.key });
    open = node.child === null ? null : { page: node.child, database: visit.database, from: isFirstOfBranch ? visit.from : node.key };
    if (node.child === null) found.push(...checkEntry(visit, node));
    last = node.key;
  }
  if (open !== null) found.push({ ...open, before: visit.before });
  return found;
}

function assertPlace({ page, database, from, before }: Visit, last: Buffer | null, key: Buffer): void {
  const inOrder = last === null || Buffer.compare(last, key) < 0;
  const inRange = (from === null || Buffer.compare(from, key) <= 0) && (before === null || Buffer.compare(key, before) < 0);
  if (!inOrder || !inRange) throw new FileDamage(`page ${page}: the keys of ${database ?? 'the databases'} are out of order`);
}

/** @returns the root page of a database that the entry describes */
function checkEntry({ page, database }: Visit, entry: Extract<TreeNode, { child: null }>): Visit[] {
  if (entry.isDatabase) {
    const root = rootOf(entry.value);
    return root === null ? [] : [{ page: root, database: nameOf(entry.key), from: null, before: null }];
  }
  const isSound = database === null ? undefined : KEY_CHECKS[database];
  if (isSound === undefined || isSound(entry.key, entry.value)) return [];
  throw new FileDamage(`page ${page}: a key of ${database} is damaged`);
}

/** lmdb ends the names of databases with a NUL. */
export const nameOf = (key: Buffer): string => key.toString().replace(/\0+$/, '');
