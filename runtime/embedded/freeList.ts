/**
 * LMDB's list of free pages. It overwrites these without a look, so a page that is named here by mistake loses what it holds, and one that
 * is far away makes the file grow until it fails.
 */
import { FileDamage } from './fileDamage.js';
import type { Entry, LmdbFile } from './lmdbFile.js';
import { toNumber } from './lmdbHead.js';
import type { PageUse } from './pageUse.js';

const NUMBER_BYTES = 8;

/** Looks at the whole list, and claims what it names. @returns the number of its entries. @throws FileDamage */
export function checkFreeList(file: LmdbFile, use: PageUse): number {
  let entries = 0;
  let last = 0;
  for (const entry of file.entries(file.meta.free.root, true)) {
    const txn = entry.key.length === NUMBER_BYTES ? toNumber(entry.key.readBigUInt64LE(0)) : NaN;
    // Written so that NaN is refused too.
    if (!(txn > last && txn <= file.meta.txn)) throw new FileDamage('the list of free pages is out of order');
    claimFree(entry, use);
    last = txn;
    entries++;
  }
  return entries;
}

/** `[count | number...]`: a positive number is a page, a negative one the length of the run of pages that the next one begins; 0 is nothing. */
function claimFree({ value }: Entry, use: PageUse): void {
  const room = value.length / NUMBER_BYTES - 1;
  const count = room >= 0 && Number.isInteger(room) ? numberAt(value, 0) : NaN;
  if (!(count >= 0 && count <= room)) throw new FileDamage('an entry of the list of free pages has another length than it claims');
  for (let i = 1; i <= count; i++) {
    const number = numberAt(value, i);
    if (number === 0) continue;
    if (number > 0) use.claim(number, 1);
    else if (i < count) use.claim(numberAt(value, ++i), -number);
    else throw new FileDamage('an entry of the list of free pages ends amid a run of pages');
  }
}

const numberAt = (value: Buffer, index: number): number => Number(value.readBigInt64LE(index * NUMBER_BYTES));
