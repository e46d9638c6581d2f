/** What is sealed under the key of a file opens as it was sealed, where it was sealed, or not at all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiskSeal, isDiskSealed, newDiskSecret } from '../../../schemas/index.js';

const broken = expect.objectContaining({ code: 'SFS_SEAL_BROKEN' }) as Error;
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

describe('DiskSeal', () => {
  it('opens what it sealed for the same words, and for no others', () => {
    const seal = new DiskSeal(newDiskSecret());
    fc.assert(
      fc.property(fc.string(), fc.string(), bytes, (about, other, plain) => {
        const sealed = seal.seal(about, plain);
        expect([isDiskSealed(sealed), seal.open(about, sealed).equals(plain)]).toEqual([true, true]);
        if (!Buffer.from(other).equals(Buffer.from(about))) expect(() => seal.open(other, sealed)).toThrow(broken);
      }),
      { numRuns: 50 },
    );
  });

  it('opens no row in the place of another one', () => {
    const seal = new DiskSeal(newDiskSecret());
    const [ada, bob] = ['lists ada', 'lists bob'].map((about) => seal.seal(about, Buffer.from('the same')));
    expect(ada!.equals(bob!)).toBe(false);
    expect(() => seal.open('lists ada', bob!)).toThrow(broken);
    expect(() => seal.open('lists bob', ada!)).toThrow(broken);
  });

  it('opens nothing that lost or changed a byte, lies in clear, or is of another file', () => {
    const seal = new DiskSeal(newDiskSecret());
    const sealed = seal.seal('a row', Buffer.from('what is personal'));
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(() => seal.open('a row', changed)).toThrow(broken);
      expect(() => seal.open('a row', sealed.subarray(0, at))).toThrow(broken);
    }
    expect(() => seal.open('a row', Buffer.from('what is personal, and is in clear'))).toThrow(broken);
    expect(() => new DiskSeal(newDiskSecret()).open('a row', sealed)).toThrow(broken);
  });
});
