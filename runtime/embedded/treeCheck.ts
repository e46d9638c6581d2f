/**
 * Whether the trees of a data file lead where they should. A value that lies under a damaged key, or behind a damaged reference, would
 * simply not be found: an answer, and a wrong one. So keys must ascend, lie between those of the pages above, and match the checksum that
 * was written beside their value; and no page is used twice, or is free as well.
 */
import { FileDamage } from './fileDamage.js';
import { checkFreeList } from './freeList.js';
import type { LmdbFile, TreeNode } from './lmdbFile.js';
import { descriptionOf } from './lmdbHead.js';
import { PageUse } from './pageUse.js';
import { isBatchUnder } from './recordBatch.js';
import { isSealedUnder } from './sealed.js';
import { TreeTally } from './treeTally.js';

/** A page to look at, and what is known of it from the pages above. */
interface Visit {
  readonly page: number;
  readonly tree: Tree;
  /** 1 for a root. */
  readonly level: number;
  /** Keys of the page lie in [from, before). */
  readonly from: Buffer | null;
  readonly before: Buffer | null;
}

interface Tree {
  readonly name: string;
  readonly kind: 'free pages' | 'databases' | 'database';
  readonly tally: TreeTally;
}

/** How the keys of a database are told to be sound. The others (`meta`) hold nothing that decides results. */
const KEY_CHECKS: Readonly<Record<string, (key: Buffer, value: Buffer) => boolean>> = {
  log: isBatchUnder,
  ...Object.fromEntries(['names', 'topics', 'ranges', 'state', 'queue', 'progress', 'documents'].map((name) => [name, isSealedUnder])),
};

const DATABASES: readonly string[] = [...Object.keys(KEY_CHECKS), 'meta'];

/**
 * Looks at the list of free pages, and at the tree pages of a file, upper levels first, until `mostPages` of them were read: O(entries on them).
 * @throws FileDamage with the page
 */
export function checkTrees(file: LmdbFile, mostPages: number): void {
  const { free, main, lastPage } = file.meta;
  const check = new TreeCheck(file, new PageUse(lastPage, file.pagesInFile));
  check.walk({ name: 'the list of free pages', kind: 'free pages', tally: new TreeTally(free) }, Infinity);
  const freeEntries = checkFreeList(file, check.use);
  if (freeEntries !== free.entries) throw new FileDamage('the list of free pages has another length than its head says');
  check.walk({ name: 'the databases', kind: 'databases', tally: new TreeTally(main) }, file.pagesRead + mostPages);
}

class TreeCheck {
  /** Every tree that was met, the empty ones too. */
  private readonly trees: Tree[] = [];

  constructor(
    private readonly file: LmdbFile,
    readonly use: PageUse,
  ) {}

  /** Looks at a tree, and at those whose descriptions are in it. */
  walk(root: Tree, mostPages: number): void {
    const visits = this.enter(root);
    let next = 0;
    // No circle: no page is claimed twice.
    for (; next < visits.length && this.file.pagesRead < mostPages; next++) visits.push(...this.checkPage(visits[next]!));
    if (root.kind === 'databases') assertNames(this.trees.filter(({ kind }) => kind === 'database').map(({ name }) => name));
    if (next === visits.length) for (const { name, tally } of this.trees) tally.assertComplete(name);
  }

  /** @returns the root page of the tree, where it has one */
  private enter(tree: Tree): Visit[] {
    this.trees.push(tree);
    const { root } = tree.tally.described;
    return root === null ? [] : [{ page: root, tree, level: 1, from: null, before: null }];
  }

  /** @returns the pages that it refers to */
  private checkPage(visit: Visit): Visit[] {
    const { page, tree, level } = visit;
    this.use.claim(page, 1);
    const nodes = this.file.nodesOf(page);
    tree.tally.addPage(page, level, nodes);
    const found: Visit[] = [];
    let last: Buffer | null = null;
    let open: Omit<Visit, 'before'> | null = null;
    for (const node of nodes) {
      // The first key of a branch stands for everything before the second.
      const isFirstOfBranch = node.child !== null && last === null;
      if (!isFirstOfBranch) assertPlace(visit, last, node.key);
      if (open !== null) found.push({ ...open, before: node.key });
      open = node.child === null ? null : { page: node.child, tree, level: level + 1, from: isFirstOfBranch ? visit.from : node.key };
      if (node.child === null) found.push(...this.checkEntry(visit, node));
      last = node.key;
    }
    if (open !== null) found.push({ ...open, before: visit.before });
    return found;
  }

  /** @returns the root page of a database that the entry describes */
  private checkEntry({ page, tree }: Visit, entry: Extract<TreeNode, { child: null }>): Visit[] {
    if (entry.large !== null) {
      this.use.claim(entry.large.first, entry.large.count);
      tree.tally.largePages += entry.large.count;
    }
    if (entry.isDatabase !== (tree.kind === 'databases')) throw new FileDamage(`page ${page}: a value claims to be of another kind`);
    if (entry.isDatabase) return this.enter({ name: nameOf(entry.key), kind: 'database', tally: new TreeTally(descriptionOf(entry.value)) });
    const isSound = tree.kind === 'database' ? KEY_CHECKS[tree.name] : undefined;
    if (isSound === undefined || isSound(entry.key, entry.value)) return [];
    throw new FileDamage(`page ${page}: a key of ${tree.name} is damaged`);
  }
}

/** A database under a damaged name would be taken for an empty one. A newer version may have more of them. */
function assertNames(names: readonly string[]): void {
  const missing = DATABASES.find((name) => !names.includes(name));
  const strange = names.find((name) => !DATABASES.includes(name));
  if (missing !== undefined && strange !== undefined) throw new FileDamage('the name of a database is damaged');
}

/** Numbers, as the keys of the list of free pages are, have another order: it is looked at where the list is. */
function assertPlace({ page, tree, from, before }: Visit, last: Buffer | null, key: Buffer): void {
  if (tree.kind === 'free pages') return;
  const inOrder = last === null || Buffer.compare(last, key) < 0;
  const inRange = (from === null || Buffer.compare(from, key) <= 0) && (before === null || Buffer.compare(key, before) < 0);
  if (!inOrder || !inRange) throw new FileDamage(`page ${page}: the keys of ${tree.name} are out of order`);
}

/** lmdb ends the names of databases with a NUL. */
export const nameOf = (key: Buffer): string => key.toString().replace(/\0+$/, '');
