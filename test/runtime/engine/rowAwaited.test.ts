import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { aggregate, count, reduce, schema, tumbling, withValue } from '../../../operators/index.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { around, event, events } from '../../operators/pipelines.js';
import { contentsOf, differences } from '../../simulation/contents.js';
import { REGION, TOPOLOGIES, appendInput } from '../../simulation/replayed.js';
import { closed, found, letters, record, run, send } from './running.js';
import { remoteRows } from './remoteRows.js';

const FEW_ROWS = { maxRecords: 400, mostCachedRows: 30 };
const sorted = <T>(all: readonly T[]): string[] => all.map((one) => JSON.stringify(one)).sort();
const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `k${n}`);
const sendEach = async (storage: MemoryStorage, names: readonly string[], atMs: number): Promise<void> => {
  await send(storage, ...names.map((key) => record(events, event(key, atMs), 0)));
};

/** Two stores under the key of the record, with an operator of RxJS between them that ends when something below it throws. */
const twice = around((source) =>
  source.pipe(
    aggregate('total', { n: count() }),
    map((one) => withValue(one, one.value)),
    reduce('sum', { state: schema.record({ n: schema.long }), initial: { n: 0 }, reduce: (state, { n }) => ({ n: state.n + n }) }),
  ),
);

describe('rows that lie elsewhere', () => {
  it('leave the same results, state, timers and progress as rows that are at hand', { timeout: 120_000 }, async () => {
    const [near, far] = [memoryStorage(), memoryStorage()];
    for (const storage of [near, far]) await appendInput(storage, { seed: 11, days: 9, clicksPerDay: 300, learners: 80 });
    const remote = remoteRows(far);
    for (const storage of [near, remote.storage]) {
      const worker = new Worker(TOPOLOGIES, storage, { region: REGION, mode: 'end-of-input', limits: FEW_ROWS });
      await worker.start();
      await worker.run();
    }
    expect(remote.turns).toBeGreaterThan(100);
    expect(differences(contentsOf(near), contentsOf(far))).toEqual([]);
  });

  it('are asked for together with those of the records that wait', async () => {
    const inner = memoryStorage();
    await run(inner, twice);
    await sendEach(inner, keys(900), 1);
    const remote = remoteRows(inner);
    await run(remote.storage, twice);
    expect(found(inner)).toHaveLength(900);
    expect(remote.rows).toBe(1800);
    // The records are read 250 at a time; each of two stores has a first row to learn by.
    expect(remote.turns).toBeLessThan(20);
  });

  it('are asked for together with those of the timers that are due', async () => {
    const windows = around((source) => source.pipe(tumbling('window', { sizeMs: 10, late: 'dead-letter' }, { n: count() })));
    const inner = memoryStorage();
    await run(inner, windows);
    await sendEach(inner, keys(900), 1);
    await run(inner, windows);
    const remote = remoteRows(inner);
    await run(remote.storage, windows, { mode: 'end-of-input' });
    expect(sorted(closed(inner))).toEqual(sorted(keys(900).map((key) => [key, 9, { n: 1 }])));
    expect(remote.rows).toBe(900);
    expect(remote.turns).toBeLessThan(10);
  });

  it('undo what the record did before it, and count it once', async () => {
    const inner = memoryStorage();
    const remote = remoteRows(inner);
    await run(inner, twice);
    await sendEach(inner, ['a', 'b', 'a', 'a'], 1);
    await run(remote.storage, twice, { limits: { mostCachedRows: 1, maxRecords: 1 } });
    expect(sorted(found(inner))).toEqual(
      sorted([
        ['a', 1, { n: 1 }],
        ['a', 1, { n: 3 }],
        ['a', 1, { n: 6 }],
        ['b', 1, { n: 1 }],
      ]),
    );
    expect(letters(inner)).toEqual([]);
  });

  it('that cannot be had stop the run with the cause, and nothing is buried or passed over', async () => {
    const inner = memoryStorage();
    await run(inner, twice);
    await sendEach(inner, ['a', 'b', 'c'], 1);
    let isDown = true;
    const down = new SkillForgeError('SFS_STATE_CORRUPT', 'the stored value is damaged');
    const remote = remoteRows(inner, (key) => (isDown && key === 'b' ? down : null));
    await expect(run(remote.storage, twice)).rejects.toBe(down);
    expect(letters(inner)).toEqual([]);
    isDown = false;
    await run(remote.storage, twice);
    expect(found(inner)).toHaveLength(3);
  });
});
