/** What is published of batch features: of enough learners, once, and in the order of days. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COHORT_FLOOR } from '../../../operators/recommend/index.js';
import { batchViews } from '../../../operators/featureViews/index.js';
import { publishedItemDifficulty } from '../../../operators/featureViews/publishedViews.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import { markerIdOf } from '../../../runtime/engine/header.js';
import { localTools } from '../../../runtime/localTools.js';
import type { ToolAccess } from '../../../runtime/ports.js';
import { topics, type BatchFeatures, type CatalogueItem, type Opened } from '../../../schemas/index.js';
import { publishBatch, type PublishReport } from '../../../scripts/batch/batchPublishing.js';
import { modelNames, type BatchModel } from '../../../scripts/batch/models.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { ParquetTable } from '../../../scripts/featureStore/parquetTable.js';
import { topicRecords } from '../../../scripts/training/topicRecords.js';
import { catalogueItem } from '../../topologies/statements.js';
import { newFolder } from '../../fixtures/folders.js';

const REGION = 'test';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const [DAY_1, DAY_2, DAY_3] = ['2025-09-01', '2025-09-02', '2025-09-03'] as const;
const endOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) + DAY_MS;

type Row = Readonly<Record<string, string | number | null>>;
type Made = Partial<Record<BatchModel, readonly Row[]>>;

const item = (name: string, learners: number, parts: Row = {}): Row => ({
  ...{ item: name, results_28d: 20, learners_28d: learners, mean_score_28d: 0.5, first_results_28d: 20, first_learners_28d: learners },
  difficulty: 0.25,
  ...parts,
});
const cohort = (name: string, parts: Row = {}): Row => ({
  ...{ cohort: name, active_learners_7d: 6, active_learners_28d: 9, events_per_learner_7d: 12, active_days_per_learner_7d: 3 },
  completed_items_median_28d: 4,
  ...parts,
});

/** A folder of batch features, made by hand, and a log with a catalogue. */
class Batch {
  private readonly features = newFolder();
  private readonly data = newFolder();

  /** Makes a day as "batch run" leaves it. */
  make(day: string, made: Made): void {
    for (const model of modelNames) {
      const { entities, features } = batchViews.find(({ name }) => name === model)!;
      const columns = [...entities.map((name) => ({ name, type: 'STRING' as const })), ...features];
      const table = new ParquetTable(join(this.features, model, `day=${day}`, 'part.parquet'), columns);
      for (const row of made[model] ?? []) table.add(columns.map(({ name }) => row[name] ?? null));
      table.finish();
    }
    mkdirSync(join(this.features, '_days'), { recursive: true });
    writeFileSync(join(this.features, '_days', `${day}.json`), JSON.stringify({ format: 1, day, inputs: '', createdAt: '', rows: {} }));
  }

  /** Items of course `AAA-2024J` that the catalogue tells of. */
  async tellOf(...items: readonly string[]): Promise<void> {
    await this.state(...items.map((name) => catalogueItem(name, 1)));
  }

  /** What the catalogue says. */
  async state(...items: readonly Opened<CatalogueItem>[]): Promise<void> {
    await this.opened(async (_, storage) => {
      const appender = new RecordAppender(storage, topics.catalogue, REGION, 'test/catalogue');
      for (const item of items) appender.add(item);
      await appender.commit({});
      await appender.finish();
    });
  }

  publish(days: readonly string[], atMs: number | 'now' | null = null, clock = Date.now): Promise<PublishReport> {
    return this.opened((tools) => publishBatch(tools, { features: this.features, region: REGION, days, atMs, clock }));
  }

  /** All that was published, in its order. */
  records(): Promise<Opened<BatchFeatures>[]> {
    return this.opened(async (tools) => {
      const found: Opened<BatchFeatures>[] = [];
      for await (const record of (await topicRecords(tools, REGION, topics.batchFeatures)).all()) found.push(record);
      return found;
    });
  }

  private async opened<T>(work: (tools: ToolAccess, storage: Awaited<ReturnType<typeof openEmbedded>>) => Promise<T>): Promise<T> {
    const storage = await openEmbedded(this.data, { markerIdOf });
    try {
      return await work(localTools(storage), storage);
    } finally {
      await storage.close();
    }
  }
}

const valuesOf = ({ rows }: Opened<BatchFeatures>): unknown => Object.fromEntries(rows.map(({ entity, values }) => [entity, values]));

describe('published batch features', { timeout: 60_000 }, () => {
  it('are of the items of a course, and of a cohort; never of fewer learners than the floor', async () => {
    const batch = new Batch();
    await batch.tellOf('a', 'b', 'c', 'd');
    batch.make(DAY_1, {
      item_difficulty: [
        item('a', COHORT_FLOOR),
        item('b', COHORT_FLOOR - 1),
        item('c', COHORT_FLOOR, { first_learners_28d: COHORT_FLOOR - 1 }),
        item('elsewhere', 50),
      ],
      cohort_pace: [cohort('many'), cohort('dwindling', { active_learners_7d: null, events_per_learner_7d: null, active_days_per_learner_7d: null })],
      learner_quiz_scores: [{ learner: 'ada', results_28d: 3 }],
    });
    expect(await batch.publish([DAY_1])).toEqual({ published: [{ day: DAY_1, records: 3 }], unchanged: [], older: [] });
    const [items, dwindling, many] = await batch.records();
    const times = { region: REGION, asOfMs: endOf(DAY_1), knownFromMs: endOf(DAY_1) };
    expect(items).toMatchObject({ view: 'item_difficulty', group: 'AAA-2024J', ...times, features: ['difficulty', 'mean_score_28d'] });
    expect(valuesOf(items!)).toEqual({ a: [0.25, 0.5], b: [null, null], c: [null, 0.5], d: [null, null] });
    const features = ['events_per_learner_7d', 'active_days_per_learner_7d', 'completed_items_median_28d'];
    expect(many).toMatchObject({ view: 'cohort_pace', group: 'many', ...times, features });
    expect([valuesOf(many!), valuesOf(dwindling!)]).toEqual([{ many: [12, 3, 4] }, { dwindling: [null, null, 4] }]);
    expect(JSON.stringify(await batch.records())).not.toContain('ada');
  });

  it('are there once: again changes nothing, a day that was made again is told again, and what lies before it is left out', async () => {
    const batch = new Batch();
    await batch.tellOf('a');
    for (const day of [DAY_1, DAY_2, DAY_3]) batch.make(day, { item_difficulty: [item('a', 9)] });
    await batch.publish([DAY_1]);
    expect(await batch.publish([DAY_1, DAY_2])).toEqual({ published: [{ day: DAY_2, records: 1 }], unchanged: [DAY_1], older: [] });
    const before = await batch.records();
    expect(await batch.publish([DAY_2])).toEqual({ published: [], unchanged: [DAY_2], older: [] });
    expect(await batch.records()).toEqual(before);

    batch.make(DAY_1, { item_difficulty: [item('a', 9, { difficulty: 1 })] });
    batch.make(DAY_2, { item_difficulty: [item('a', 9, { difficulty: 0.75 })] });
    expect(await batch.publish([DAY_1, DAY_2, DAY_3])).toMatchObject({ published: [{ day: DAY_2 }, { day: DAY_3 }], older: [DAY_1] });
    const told = (await batch.records()).map((record) => [record.asOfMs, valuesOf(record)]);
    expect(told).toEqual([
      [endOf(DAY_1), { a: [0.25, 0.5] }],
      [endOf(DAY_2), { a: [0.25, 0.5] }],
      [endOf(DAY_2), { a: [0.75, 0.5] }],
      [endOf(DAY_3), { a: [0.25, 0.5] }],
    ]);
  });

  it('are refused of an instant that is yet to come, which would make dead letters of them in each task', async () => {
    const batch = new Batch();
    await batch.tellOf('a');
    for (const day of [DAY_1, DAY_2]) batch.make(day, { item_difficulty: [item('a', 9)] });
    const clock = (): number => endOf(DAY_1) + 3_600_000;
    await expect(batch.publish([DAY_1], clock() + 3_600_000, clock)).rejects.toMatchObject({ code: 'SFS_USAGE' });
    // The day is not over yet.
    await expect(batch.publish([DAY_2], null, clock)).rejects.toMatchObject({ code: 'SFS_USAGE' });
    expect(await batch.records()).toEqual([]);
    await batch.publish([DAY_1], 'now', clock);
    expect((await batch.records()).map(({ knownFromMs }) => knownFromMs - clock())).toEqual([60_000]);
  });

  it('of a cohort without a name are left out, and nothing else', async () => {
    const batch = new Batch();
    await batch.tellOf('a');
    batch.make(DAY_1, { item_difficulty: [item('a', 9)], cohort_pace: [cohort(''), cohort('many')] });
    expect(await batch.publish([DAY_1])).toMatchObject({ published: [{ records: 2 }] });
  });

  it('are known from the instant of publishing on, and never behind what was known before', async () => {
    const batch = new Batch();
    await batch.tellOf('a');
    for (const day of [DAY_1, DAY_2]) batch.make(day, { item_difficulty: [item('a', 9)] });
    const lateMs = endOf(DAY_1) + 30 * HOUR_MS;
    await batch.publish([DAY_1], lateMs);
    await batch.publish([DAY_2]);
    expect((await batch.records()).map(({ asOfMs, knownFromMs }) => [asOfMs, knownFromMs])).toEqual([
      [endOf(DAY_1), lateMs],
      [endOf(DAY_2), lateMs],
    ]);
    await expect(batch.publish([DAY_2], endOf(DAY_2) + 2 * DAY_MS + 1)).rejects.toMatchObject({ code: 'SFS_USAGE' });
    await expect(batch.publish([DAY_2], endOf(DAY_2) - HOUR_MS)).resolves.toMatchObject({ unchanged: [DAY_2] });
  });

  it('tell once of what had values and has none any more', async () => {
    const batch = new Batch();
    await batch.tellOf('a');
    batch.make(DAY_1, { item_difficulty: [item('a', 9)], cohort_pace: [cohort('k')] });
    for (const day of [DAY_2, DAY_3]) batch.make(day, { item_difficulty: [item('a', 4)] });
    await batch.publish([DAY_1, DAY_2]);
    expect(await batch.publish([DAY_2, DAY_3])).toEqual({ published: [{ day: DAY_3, records: 0 }], unchanged: [DAY_2], older: [] });
    expect((await batch.records()).slice(2).map((record) => [record.asOfMs, record.group, valuesOf(record)])).toEqual([
      [endOf(DAY_2), 'AAA-2024J', { a: [null, null] }],
      [endOf(DAY_2), 'k', { k: [null, null, null] }],
    ]);
  });

  it("of an item are its course's: one that moves is told once more to the old one, which may have none left", async () => {
    const batch = new Batch();
    await batch.tellOf('a', 'b');
    for (const day of [DAY_1, DAY_2, DAY_3]) batch.make(day, { item_difficulty: [item('a', 9), item('b', 9)] });
    await batch.publish([DAY_1]);
    const move = (name: string, updatedAtMs: number) => catalogueItem(name, updatedAtMs, { course: 'BBB-2024J' });
    await batch.state(move('a', 2));
    await batch.publish([DAY_2]);
    // Made with the same rows, it is no news.
    expect(await batch.publish([DAY_2])).toMatchObject({ unchanged: [DAY_2] });
    await batch.state(move('b', 3));
    await batch.publish([DAY_3]);
    const [known, unknown] = [
      [0.25, 0.5],
      [null, null],
    ];
    const told = (await batch.records()).map((record) => [record.asOfMs, record.group, valuesOf(record)]);
    expect(told).toEqual([
      [endOf(DAY_1), 'AAA-2024J', { a: known, b: known }],
      [endOf(DAY_2), 'AAA-2024J', { b: known, a: unknown }],
      [endOf(DAY_2), 'BBB-2024J', { a: known }],
      [endOf(DAY_3), 'AAA-2024J', { b: unknown }],
      [endOf(DAY_3), 'BBB-2024J', { a: known, b: known }],
    ]);
    // Who joins single rows finds the one of the course, too.
    const rows = (await batch.records()).flatMap((record) => [...publishedItemDifficulty.rowsOf(record)]);
    const last = new Map(rows.map(({ entity: { course, item: of }, values }) => [`${course} ${of}`, values]));
    expect(Object.fromEntries(last)).toEqual({ 'AAA-2024J a': unknown, 'AAA-2024J b': unknown, 'BBB-2024J a': known, 'BBB-2024J b': known });
  });

  it('are refused for a day that was not made, and nothing is published then', async () => {
    const batch = new Batch();
    batch.make(DAY_1, { cohort_pace: [cohort('k')] });
    await expect(batch.publish([DAY_1, DAY_2])).rejects.toMatchObject({
      code: 'SFS_BATCH_OUTPUT',
      message: expect.stringContaining(DAY_2) as string,
    });
    expect(await batch.records()).toEqual([]);
  });
});
