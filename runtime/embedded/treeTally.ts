/** What was seen of a tree, to compare with what is written of it: LMDB goes by both. */
import { FileDamage } from './fileDamage.js';
import type { TreeNode } from './lmdbFile.js';
import type { TreeDescription } from './lmdbHead.js';

/** Counts of one tree. */
export class TreeTally {
  largePages = 0;
  private branchPages = 0;
  private leafPages = 0;
  private entries = 0;

  constructor(readonly described: TreeDescription) {}

  /** @param level - 1 for the root. @throws FileDamage when a page of its kind cannot be there */
  addPage(page: number, level: number, nodes: readonly TreeNode[]): void {
    const [first] = nodes;
    if (first === undefined) throw new FileDamage(`page ${page} of a tree is empty`);
    const isLeaf = first.child === null;
    // LMDB ends the process when a page has a single one below it.
    if (!isLeaf && nodes.length < 2) throw new FileDamage(`page ${page} refers to a single page`);
    if (isLeaf !== (level === this.described.depth)) throw new FileDamage(`page ${page} is at level ${level} of ${this.described.depth}`);
    if (!isLeaf) {
      this.branchPages++;
      return;
    }
    this.leafPages++;
    this.entries += nodes.length;
  }

  /** All pages were added. @throws FileDamage when others are missing */
  assertComplete(name: string): void {
    for (const count of ['entries', 'branchPages', 'leafPages', 'largePages'] as const) {
      if (this[count] === this.described[count]) continue;
      throw new FileDamage(`${name}: ${this.described[count]} ${WORDS[count]} are written of it, but it has ${this[count]}`);
    }
  }
}

const WORDS = { entries: 'entries', branchPages: 'inner pages', leafPages: 'leaf pages', largePages: 'pages of large values' } as const;
