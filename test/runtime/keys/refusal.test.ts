import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../runtime/keys/refusal.js';
import type { OutputRecord } from '../../../runtime/ports.js';
import { LocalSchemaIds, Sealing } from '../../../schemas/index.js';
import { MemoryRing } from '../../schemas/sealing/memoryRing.js';

const ADA = '5f0c1c9e-6a57-4b13-9a55-1d9d6f9f2a10';
/** A pseudonym of somebody's own, which an item may be called as well. */
const SEVEN = '7';

const sealing = new Sealing({ ring: new MemoryRing(), ids: LocalSchemaIds.withAccepted(), schemaDocument: () => null });
const refusal = new Refusal(
  { current: () => Promise.resolve(), includes: (owner) => owner === ADA || owner === SEVEN, during: (work) => work() },
  sealing,
);

const record = (topic: string, key: string | null, more: Partial<OutputRecord> = {}): OutputRecord => ({
  topic: `test.${topic}`,
  partition: 0,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from('value'),
  header: null,
  ...more,
});
const kept = (...records: readonly OutputRecord[]): boolean[] => records.map((one) => refusal.records([one]).length === 1);
const rowsOf = (...keys: readonly string[]): (string | null)[] =>
  refusal.rows(keys.map((key) => ({ store: 's', key, value: Buffer.from('x') }))).map(({ value }) => value?.toString() ?? null);

describe('of a refused owner', () => {
  it('no record is let through: by its key, by whose it is said to be, in topics between stages', () => {
    expect(kept(record('clicks', ADA), record('clicks', 'bob'))).toEqual([false, true]);
    expect(kept(record('cohort-trends.v2.by-cohort', 'AAA', { owner: ADA }), record('some.v1.stage', ADA))).toEqual([false, false]);
    expect(kept(record('clicks', null), record('control', 'x'))).toEqual([true, true]);
  });

  it('deletions are let through: they bring nobody back', () => {
    expect(kept(record('recommendations', ADA, { value: null }))).toEqual([true]);
  });

  it('an item is not taken for one that is called so', () => {
    expect(kept(record('catalogue', SEVEN), record('item-trends', `AAA|${SEVEN}`), record('clicks', SEVEN))).toEqual([true, true, false]);
    expect(rowsOf(`AAA|${SEVEN}`, `AAA|${ADA}`, SEVEN, `AAA\0${SEVEN}`)).toEqual(['x', null, null, null]);
  });

  it('rows and timers become deletions', () => {
    expect(rowsOf(ADA, 'bob')).toEqual([null, 'x']);
    const timer = { queue: 'q', timeMs: 1, tiebreak: ADA, payload: Buffer.from('x') };
    expect(refusal.timers([timer, { ...timer, tiebreak: 'bob' }]).map(({ payload }) => payload?.toString() ?? null)).toEqual([null, 'x']);
  });

  it('what a task reads is a record that nobody can read; a tombstone stays one', () => {
    const read = { offset: 1, appendTimeMs: 2, key: Buffer.from(ADA), value: Buffer.from('x'), header: null };
    expect(refusal.input('test.clicks', read).unopened).toMatchObject({ code: 'SFS_KEY_DELETED' });
    expect(refusal.input('test.clicks', { ...read, value: null }).unopened).toBeUndefined();
    expect(refusal.input('test.clicks', { ...read, key: Buffer.from('bob') }).unopened).toBeUndefined();
  });
});
