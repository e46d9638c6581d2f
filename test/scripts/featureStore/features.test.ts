/** Features of a synthetic school: what is stored is what serving saw, online and as of each decision. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { BATCH_FEATURES } from '../../../operators/features/batchFeatures.js';
import type { BatchFeatures, CatalogueItem, FeatureLog, Opened } from '../../../schemas/index.js';
import { isInstalled, runPython } from '../../../scripts/ml/python.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { SERVER_START_MS, sharedRedis } from '../../integration/servers.js';
import { runCli, type CliResult } from '../commands/cliProcess.js';

const SLOW_MS = 600_000;
const SCHOOL = ['--learners', '60', '--courses', '2', '--items', '30', '--days', '12', '--events-per-day', '300'];
const TOPOLOGIES = ['curricula', 'learner-activity', 'learner-contexts', 'learner-engagement', 'quiz-mastery', 'cohort-trends', 'segment-lists'];

const folder = newFolder();
const features = join(folder, 'features');

const run = (...args: string[]): Promise<CliResult> => runCli([...args, '--data', join(folder, 'school')], folder);
async function cli(...args: string[]): Promise<CliResult> {
  const result = await run(...args);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return result;
}

interface PublishedItem {
  readonly item: string;
  readonly course: string;
}

/** Records of a topic. */
async function valuesOf<V>(topic: string): Promise<readonly V[]> {
  const { stdout } = await cli('topics', 'read', topic, '--json');
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly value: V }).value);
}

/** Tells that an item whose difficulty is published is of another course: that which is told of another one. */
async function moveItem(): Promise<PublishedItem> {
  const published = await valuesOf<Pick<BatchFeatures, 'view' | 'group' | 'rows'>>('batch-features');
  const ofItems = published.filter(({ view }) => view === 'item_difficulty');
  const { group: course, rows } = ofItems.at(-1)!;
  const { entity: item } = rows.find(({ values }) => values[0] !== null)!;
  const catalogue = await valuesOf<Pick<CatalogueItem, 'item' | 'course' | 'updatedAtMs'>>('catalogue');
  const stated = catalogue.findLast((one) => one.item === item)!;
  const other = catalogue.find((one) => one.course !== course)!.course;
  const path = join(folder, 'moved.jsonl');
  writeFileSync(path, `${JSON.stringify({ ...stated, course: other, updatedAtMs: stated.updatedAtMs + 1 })}\n`);
  await cli('topics', 'write', 'catalogue', path);
  return { item, course };
}

/** When the item has moved. */
const MOVED_DAY = '2025-09-08';
let moved: PublishedItem;

/** What decisions see of the daily batch, from each of these days on. */
async function publishDays(): Promise<void> {
  const [archive, period] = [join(folder, 'archive'), ['--from', '2025-09-05', '--until', '2025-09-11']];
  await cli('archive', '--out', archive, '--until-end');
  const made = await runCli(['batch', 'run', '--archive', archive, '--out', features, ...period], folder);
  expect(made.code, made.stderr).toBe(0);
  await cli('features', 'publish', '--features', features, '--from', '2025-09-05', '--until', MOVED_DAY);
  moved = await moveItem();
  await cli('features', 'publish', '--features', features, '--from', MOVED_DAY, '--until', '2025-09-11');
}

beforeAll(async () => {
  await cli('generate', ...SCHOOL);
  await cli('run', ...TOPOLOGIES, '--until-end');
  if (isInstalled('batch')) await publishDays();
  await cli('run', 'recommendations', '--until-end');
}, SLOW_MS);

interface Skew {
  readonly report: {
    readonly rows: number;
    readonly differences: number;
    readonly features: readonly { readonly name: string; readonly stored: number; readonly differences: number }[];
  };
}

/** Moves the decisions of an export in time. */
const SHIFTED = `
import sys, pandas
path, ms = sys.argv[1], int(sys.argv[2])
rows = pandas.read_parquet(path)
rows["event_timestamp"] += pandas.Timedelta(milliseconds=ms)
rows.to_parquet(path)
`;
import { newFolder } from '../../fixtures/folders.js';

describe('the features of a school', { timeout: SLOW_MS }, () => {
  it('are the same in a training set as in the decisions, bit by bit; were the clock another one, they would not be', async (context) => {
    skipWithoutPython(context, 'operations', 'batch');
    const { report } = (await cli('features', 'skew', '--out', features, '--json')).json<Skew>();
    expect(report.features.filter(({ differences }) => differences > 0)).toEqual([]);
    expect(report.differences).toBe(0);
    expect(report.rows).toBeGreaterThan(500);
    expect(report.features).toHaveLength(46);
    // Zero differences would be no wonder where nothing is stored.
    const ofBatch = new Set(BATCH_FEATURES.map(({ name }) => name));
    for (const { name, stored } of report.features) {
      // Few items are quizzes, and few days were published.
      if (name !== 'hours_per_week') expect(stored, name).toBeGreaterThan(ofBatch.has(name) ? 50 : report.rows / 4);
    }

    const dayMs = 86_400_000;
    // An item that has moved is still a candidate in its old course, where nothing is known of it any more: a join that finds that of the new one differs.
    const log = await valuesOf<Opened<FeatureLog>>('feature-log');
    const isOfMoved = ({ course, candidates }: Opened<FeatureLog>['personal']): boolean =>
      course === moved.course && candidates.some(({ item }) => item === moved.item);
    const movedMs = Date.parse(MOVED_DAY) + dayMs;
    expect(log.some(({ decidedAtMs, personal }) => decidedAtMs >= movedMs && isOfMoved(personal))).toBe(true);
    await runPython('operations', ['-c', SHIFTED, join(features, 'decisions.parquet'), String(-dayMs)]);
    const shifted = await run('features', 'skew', '--out', features, '--no-export', '--json');
    expect(shifted.code).toBe(1);
    const different = shifted.json<Skew>().report.features.filter(({ differences }) => differences > 0);
    expect(different.map(({ name }) => name)).toEqual(expect.arrayContaining(['learner_events_1d', 'cohort_events_7d', 'cohort_age']));
  });
});

interface Projected {
  readonly summary: {
    readonly records: number;
    readonly rows: number;
    readonly written: number;
    readonly older: number;
    readonly unreadable: number;
  };
}

describe('a projection', { timeout: SERVER_START_MS }, () => {
  it('writes the last rows; again, anew, and of what comes later, it changes nothing else', async (context: TestContext) => {
    const address = await sharedRedis(context);
    const project = `projected_${process.pid}`;
    const at = ['--feature-store', address, '--project', project];
    const client = new Redis(address);
    context.onTestFinished(() => client.disconnect());
    const contents = async (): Promise<Map<string, string>> => {
      const keys = (await client.keysBuffer(`*${project}`)).map((key) => key.toString('latin1')).sort();
      // Names of fields are bytes, not text: two of them may read as the same text. Which comes first is for Redis to choose.
      const hashes = await Promise.all(keys.map((key) => client.callBuffer('HGETALL', Buffer.from(key, 'latin1')) as Promise<Buffer[]>));
      const textOf = (hash: readonly Buffer[]): string => {
        const fields = hash.flatMap((name, n) => (n % 2 === 0 ? [`${name.toString('hex')} ${hash[n + 1]!.toString('hex')}`] : []));
        return fields.sort().join('\n');
      };
      return new Map(keys.map((key, n) => [key, textOf(hashes[n]!)]));
    };

    const first = (await cli('features', 'project', '--until-end', '--json', ...at)).json<Projected>().summary;
    expect(first.records).toBeGreaterThan(100);
    expect(first.unreadable).toBe(0);
    expect(first.written + first.older).toBe(first.rows);
    const before = await contents();
    expect(before.size).toBeGreaterThan(60);

    expect((await cli('features', 'project', '--until-end', '--json', ...at)).json<Projected>().summary).toMatchObject({ records: 0, written: 0 });
    const anew = (await cli('features', 'project', '--until-end', '--from-start', '--json', ...at)).json<Projected>().summary;
    expect(anew).toMatchObject({ records: first.records, written: 0 });
    expect(await contents()).toEqual(before);

    // What the store lost comes back, and only that.
    const [lost] = before.keys();
    await client.del(Buffer.from(lost!, 'latin1'));
    await cli('features', 'project', '--until-end', '--from-start', ...at);
    expect(await contents()).toEqual(before);

    const [line] = (await cli('topics', 'read', 'learner-features', '--json', '--limit', '1')).stdout.split('\n');
    const { key } = JSON.parse(line!) as { readonly key: string };
    const entity = ['--entity', `learner=${key}`, '--json', '--feature-store', address, '--project', project];
    const last = (await cli('topics', 'read', 'learner-features', '--key', key, '--json')).json<{ eventTimeMs: number; value: unknown }>();
    const reading = (...args: string[]): Promise<CliResult> => runCli(['features', 'read', '--view', 'learner_engagement', ...entity, ...args]);
    const row = (await reading('--at', String(last.eventTimeMs))).json<{ state: string; eventTimeMs: number; values: Record<string, unknown> }>();
    expect(row).toMatchObject({ state: 'present', eventTimeMs: last.eventTimeMs });
    const { engagement28d } = (last.value as { personal: { engagement28d: { events: number } | null } }).personal;
    expect(row.values['learner_events_28d']).toBe(engagement28d?.events ?? null);
    expect((await reading('--at', String(last.eventTimeMs + 86_400_001))).json()).toMatchObject({ state: 'expired', values: {} });

    const purging = await runCli(['features', 'purge', ...entity]);
    expect(purging.json()).toMatchObject({ purged: true });
    expect((await reading()).json()).toMatchObject({ state: 'missing', eventTimeMs: null });
    expect((await contents()).size).toBe(before.size - 1);

    const all = (await cli('topics', 'read', 'learner-features', '--json', '--limit', '500')).stdout.trim().split('\n');
    const other = all.map((one) => (JSON.parse(one) as { readonly key: string }).key).find((one) => one !== key)!;
    const erasing = await cli('privacy', 'erase', other, '--feature-store', address, '--project', project, '--json');
    const { steps } = erasing.json<{ steps: readonly { readonly step: string; readonly did: unknown }[] }>();
    expect(steps.find(({ step }) => step === 'feature-store')?.did).toEqual({ asked: true, purged: true });
    expect((await contents()).size).toBe(before.size - 2);
  });
});
