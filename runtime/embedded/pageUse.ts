/** Which pages of a data file are in use, and which are free: none may be both, and none may be used twice. */
import { FileDamage } from './fileDamage.js';

const FIRST_PAGE = 2;

/** The pages of one file. */
export class PageUse {
  private readonly claimed: Uint8Array;
  /** Free pages may lie behind the end of the file: they were taken and given back before they were written. */
  private readonly claimedBeyond = new Set<number>();
  /** Pages that were claimed. */
  count = 0;

  /** @param inFile - pages that the file has room for */
  constructor(
    private readonly lastPage: number,
    inFile: number,
  ) {
    // LMDB would make the file as long as that.
    if (lastPage > 2 * inFile + 1024) throw new FileDamage(`its head claims that page ${lastPage} is its last one, but it has ${inFile}`);
    this.claimed = new Uint8Array(Math.min(lastPage + 1, inFile));
  }

  /** @throws FileDamage when one of the pages was claimed before, or cannot be there */
  claim(first: number, count: number): void {
    // Written so that NaN is refused too.
    if (!(first >= FIRST_PAGE && first + count - 1 <= this.lastPage)) {
      throw new FileDamage(`page ${first} is referred to, but the last one is ${this.lastPage}`);
    }
    for (let page = first; page < first + count; page++) {
      if (this.isClaimed(page)) throw new FileDamage(`page ${page} is used twice`);
      if (page < this.claimed.length) this.claimed[page] = 1;
      else this.claimedBeyond.add(page);
    }
    this.count += count;
  }

  private isClaimed(page: number): boolean {
    return page < this.claimed.length ? this.claimed[page] === 1 : this.claimedBeyond.has(page);
  }
}
