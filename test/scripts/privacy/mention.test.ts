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
    ['learner-7.smith', false],
    ['learner-7@example.org', false],
    ['learner-7:2', false],
    ['learner-7\u00e9', false],
    ['\u00e9learner-7', false],
    ['old.learner-7', false],
    ['the timer of learner-7: failed', true],
    ['it was learner-7.', true],
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
    // The item may be called as a learner is.
    expect(without).toMatchObject({ seen: ['a', 'learner-70'], last: { right: true }, n: 3, counts: [{ item: 'learner-7', count: 2 }] });
    expect(without.last.learner).toMatch(/^[0-9a-f-]{36}$/);
    const others = { seen: ['a'], last: null };
    expect(seven.withoutIn(others)).toBe(others);
  });

  it('is not in fields of other things, whatever they are called, unless it is a random one', () => {
    const [number, random] = [new Mention('7'), new Mention('5f0c1c9e-6a57-4b13-9a55-1d9d6f9f2a10')];
    const about = (id: string) => [{ item: id }, { learner: id }, { items: [id] }, { activeLearners: ['1', id] }, { counts: { [id]: 1 } }];
    expect(about('7').map((value) => number.inValue(value))).toEqual([false, true, false, true, true]);
    expect(about(random.learner).map((value) => random.inValue(value))).toEqual([true, true, true, true, true]);
    const refused = (line: object) => ({ personal: { key: null, value: Buffer.from(JSON.stringify(line)) } });
    expect([refused({ learner: '7' }), refused({ learner: '8', item: '7' })].map((value) => number.inValue(value))).toEqual([true, false]);
    expect([{ learner: '77' }, { learner: 'a 7' }, { title: 'week 7' }].map((value) => number.inValue(value))).toEqual([false, false, false]);
  });

  it('leaves the numbers of JSON in a text as they are', () => {
    const payload = JSON.stringify({ force: { 7: 1 }, weight: 7, other: '70' });
    const { payload: after } = new Mention('7').withoutIn({ payload }) as { payload: string };
    expect(JSON.parse(after)).toEqual({ force: {}, weight: 7, other: '70' });
    expect(new Mention('8').inValue({ payload: JSON.stringify({ weight: 8 }) })).toBe(false);
  });

  it('is all that is told of a value that is of several learners', () => {
    const ada = new Mention('ada');
    const day = {
      startMs: 1,
      items: [
        { group: 'i1', learners: ['ada', 'ada.smith'] },
        { group: 'i2', learners: ['bob'] },
      ],
      last: { learner: 'bob' },
    };
    expect(ada.onlyIn(day)).toEqual({ startMs: 1, items: [{ group: 'i1', learners: ['ada'] }] });
    expect(ada.onlyIn({ learner: 'bob', seen: ['ada'] })).toEqual({ learner: 'someone', seen: ['ada'] });
  });
});
