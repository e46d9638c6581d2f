import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Mention } from '../../../scripts/privacy/erasure/mention.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

const seven = new Mention('learner-7');

describe('a mention of a pseudonym', () => {
  it.each([
    ['learner-7', true],
    ['AAA|learner-7', true],
    ['learner-7\0tag', true],
    ['{"id":"learner-7"}', true],
    ['learner-70', false],
    ['learner-7-b', false],
    ['slow-learner-7', false],
    ['xlearner-7', false],
  ])('stands for itself in a text: %j', (text, expected) => {
    expect(seven.inText(text)).toBe(expected);
  });

  it.each([['a.b'], ['a+b'], ['(x)']])('is taken letter by letter: %s', (learner) => {
    expect([new Mention(learner).inText(`|${learner}|`), new Mention(learner).inText('axb')]).toEqual([true, false]);
  });

  it('is found in bytes by what follows it, or by its length before it', () => {
    const avro = (text: string, next: string): Buffer => Buffer.concat([Buffer.of(0, 2 * text.length), Buffer.from(text), Buffer.from(next)]);
    // A letter that follows is the length of the next text.
    expect([
      seven.countIn(avro('learner-7', '6')),
      seven.countIn(avro('learner-70', '6')),
      seven.countIn(Buffer.from('x learner-7, learner-7')),
    ]).toEqual([1, 0, 2]);
  });

  it('is found in a file at the seams of what is read at a time', () => {
    const path = join(temporaryFolder(), 'large');
    for (const shift of [-12, -9, -5, -1, 0, 1]) {
      const large = Buffer.alloc(9 << 20, 'x');
      const places = [0, (4 << 20) + shift, (8 << 20) + shift, large.length - 9];
      for (const at of places) large.write(' learner-7 '.slice(at === 0 ? 1 : 0, at === large.length - 9 ? -1 : undefined), Math.max(0, at - 1));
      writeFileSync(path, large);
      expect(seven.countInFile(path)).toBe(4);
    }
  });

  it('leaves a value: out of lists, and by another name elsewhere', () => {
    const value = {
      seen: ['a', 'learner-7', 'learner-70'],
      last: { learner: 'learner-7', right: true },
      n: 3,
      counts: [{ item: 'learner-7', count: 2 }],
    };
    const without = seven.withoutIn(value) as typeof value;
    expect(without).toMatchObject({ seen: ['a', 'learner-70'], last: { right: true }, n: 3, counts: [] });
    expect(without.last.learner).toMatch(/^[0-9a-f-]{36}$/);
    const others = { seen: ['a'], last: null };
    expect(seven.withoutIn(others)).toBe(others);
  });
});
