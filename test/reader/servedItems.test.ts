/** What readers tell of the items in answers, and of how old lists are. */
import { describe, expect, it } from 'vitest';
import { ReaderMetrics } from '../../reader/metrics.js';
import { ServedItems } from '../../reader/servedItems.js';
import { familiesOf, valueOf } from '../runtime/observability/exposition.js';
import { serving } from './serving.js';
import { DAY_MS, MADE_MS } from './shelves.js';

const HOUR_MS = 3_600_000;

describe('the items that were served', () => {
  it.each([1, 10, 1_000, 20_000, 100_000])('are estimated to 1 in 50, however often each was: %i', (count) => {
    const items = new ServedItems(() => 0);
    for (let round = 0; round < 2; round++) for (let at = 0; at < count; at++) items.add(`AAA-2014J-${at}`);
    expect(Math.abs(items.estimate() - count)).toBeLessThanOrEqual(count / 50);
  });

  it('are those of this hour and of the one before it', () => {
    let nowMs = 0;
    const items = new ServedItems(() => nowMs);
    const after = (hours: number): number => {
      nowMs = hours * HOUR_MS;
      return items.estimate();
    };
    for (const item of ['a', 'b', 'c']) items.add(item);
    expect([after(0.9), after(1.1)]).toEqual([3, 3]);
    for (const item of ['c', 'd']) items.add(item);
    expect([after(1.9), after(2.1), after(3.1)]).toEqual([4, 2, 0]);
    items.add('e');
    // Nobody looked for hours: what was before that is long ago.
    expect(after(9)).toBe(0);
  });

  it('and more than can be told are many, not none', () => {
    const items = new ServedItems(() => 0);
    for (let at = 0; at < 3_000_000; at++) items.add(String(at));
    expect(items.estimate()).toBeGreaterThan(1_000_000);
  });
});

describe('the metrics of a reader', () => {
  it('tell the age of lists by where they come from, and how much of the catalogue is shown', async () => {
    const school = await serving({ metrics: true, now: () => MADE_MS + 2 * DAY_MS });
    for (const item of ['n1', 'n2', 'n3', 'p1', 'q1', 'never-shown']) await school.shelves.item(item);
    await school.shelves.item('gone', { withdrawn: true });
    await school.reader.client.catchUp();
    for (const path of ['ada', 'nobody', 'nobody']) await school.get(`/v1/learners/${path}/recommendations`);
    const families = familiesOf(await (await school.get('/metrics')).text());
    const bucket = (served: string, le: string): number => valueOf(families, 'skillforge_reader_list_age_seconds_bucket', { served, le });
    expect([bucket('personal', '86400'), bucket('personal', '172800')]).toEqual([0, 1]);
    expect([bucket('popular', '86400'), bucket('popular', '172800')]).toEqual([0, 2]);
    expect(valueOf(families, 'skillforge_reader_served_items')).toBe(4);
    expect(valueOf(families, 'skillforge_reader_catalogue_items')).toBe(6);
  });

  it('count the catalogue anew after ten minutes, and tell nothing of one that is too large', async () => {
    let nowMs = 0;
    const metrics = new ReaderMetrics(() => nowMs);
    const counts: (number | null)[] = [5, null];
    const status = { ready: true, served: 'recommendations', lag: 0, trouble: null };
    const told = async (): Promise<readonly number[]> => {
      const text = await metrics.read({ status, isStopping: false, streams: 0, catalogueItems: () => counts.shift()!, outbox: null });
      return familiesOf(text)
        .get('skillforge_reader_catalogue_items')!
        .samples.map(({ value }) => value);
    };
    expect(await told()).toEqual([5]);
    nowMs = 599_999;
    expect(await told()).toEqual([5]);
    nowMs = 600_000;
    expect(await told()).toEqual([]);
  });
});
