import { describe, expect, it } from 'vitest';
import { entityKey, featureField, placeField, timeField } from '../../../runtime/feast/layout.js';
import { murmur3 } from '../../../runtime/feast/murmur3.js';

describe('the layout of the online store', () => {
  it('has the keys that Feast 0.67 reads', () => {
    const key = entityKey('skillforge', { learner_id: 42n });
    expect(key.toString('hex')).toBe('01000000020000000a0000006c6561726e65725f696404000000080000002a00000000000000736b696c6c666f726765');
  });

  it('has the fields that Feast 0.67 reads', () => {
    expect(featureField('learner_rt', 'clicks_1h').toString('hex')).toBe('bc23de28');
    expect(timeField('learner_rt').toString()).toBe('_ts:learner_rt');
    expect(placeField('learner_rt').toString()).toBe('_at:learner_rt');
  });

  it('sorts join keys by name, and their values with them', () => {
    const key = entityKey('p', { item: 'x', cohort: 'ab' });
    expect(key).toEqual(entityKey('p', { cohort: 'ab', item: 'x' }));
    const text = (value: string): string => `${Buffer.from([2, 0, 0, 0, value.length, 0, 0, 0]).toString('latin1')}${value}`;
    expect(key.toString('latin1')).toBe(`${Buffer.from([2, 0, 0, 0]).toString('latin1')}${['cohort', 'item', 'ab', 'x'].map(text).join('')}p`);
  });

  it('counts the bytes of a text, not its letters', () => {
    expect(entityKey('p', { learner: 'ü' }).subarray(-7)).toEqual(Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from('üp')]));
  });

  it('refuses an entity without a join key', () => {
    expect(() => entityKey('p', {})).toThrow(expect.objectContaining({ code: 'SFS_FEATURE_ENTITY' }));
  });
});

describe('MurmurHash3 for 32 bits', () => {
  // Of the reference implementation, seed 0; a text for each length of the rest of a block.
  it.each([
    ['', 0],
    ['a', 0x3c2569b2],
    ['ab', 0x9bbfd75f],
    ['abc', 0xb3dd93fa],
    ['abcd', 0x43ed676a],
    ['test', 0xba6bd213],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('of %j', (text, hash) => {
    expect(murmur3(Buffer.from(text))).toBe(hash);
  });
});
