import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { itemFeatures } from '../../../operators/recommend/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  topics,
  type FeatureLog,
  type LearnerActivity,
  type Opened,
  type Topic,
} from '../../../schemas/index.js';
import { RecordAppender } from '../../../scripts/commands/recordAppender.js';
import { EXPORT_FILE, exportTraining, type TrainingExportCounts } from '../../../scripts/training/trainingExport.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';
import { profile } from '../../topologies/statements.js';

const REGION = 'test';
const HOUR_MS = 3_600_000;
const COURSE = courseId('AAA-2024J');
const COHORT = cohortId('AAA-2024J');
const COLUMNS = itemFeatures.declarations.length;

async function append<V>(storage: MemoryStorage, topic: Topic<string, V>, values: readonly V[]): Promise<void> {
  const appender = new RecordAppender(storage, topic, REGION, `test/${topic.name}`);
  for (const value of values) appender.add(value);
  await appender.commit({});
  await appender.finish();
}

const activity = (learner: string, hour: number, ...uses: readonly [item: string, events: number, completed?: true][]): Opened<LearnerActivity> => ({
  learner: learnerId(learner),
  region: REGION,
  hourStartMs: hour * HOUR_MS,
  topologyVersion: 1,
  personal: {
    items: uses.map(([item, events, completed = false]) => ({
      course: COURSE,
      cohort: COHORT,
      item: itemId(item),
      events,
      clicks: 1,
      dwellMs: 0,
      completed,
    })),
  },
});

type Listed = readonly [item: string, nextRank: number, newRank: number, inclusionProbability: number];

const decision = (learner: string, decidedAtMs: number, featureSet: string, ...candidates: readonly Listed[]): Opened<FeatureLog> => ({
  learner: learnerId(learner),
  region: REGION,
  decisionId: `${learner}-${decidedAtMs}`,
  decidedAtMs,
  modelVersion: 'formula',
  featureSet,
  topologyVersion: 1,
  explored: false,
  explorationShare: 0,
  variant: '',
  personal: {
    course: COURSE,
    cohort: COHORT,
    candidates: candidates.map(([item, nextRank, newRank, inclusionProbability], row) => ({
      item: itemId(item),
      source: row === 0 ? 'REVIEW' : 'TRENDING',
      sources: 0,
      nextRank,
      newRank,
      score: 1,
      newScore: 1,
      features: Array.from({ length: COLUMNS }, (_, column) => row + column / 4),
      nextPropensity: 1,
      newPropensity: 1,
      nextReasons: [],
      newReasons: [],
      inclusionProbability,
    })),
  },
});

const context = (learner: string, asOfMs: number, consentProfiling: boolean) => ({
  learner: learnerId(learner),
  region: REGION,
  asOfMs,
  topologyVersion: 1,
  personal: { courses: [{ course: COURSE, cohort: COHORT, enrolledAtMs: 7, deadlines: [] }], segment: null, hoursPerWeek: null, consentProfiling },
});

/** Learners in different partitions, hours in no order over all of them. */
async function filled(): Promise<MemoryStorage> {
  const storage = memoryStorage();
  const learners = ['ada', 'ben', 'cid', 'dee', 'eve'];
  const hours = learners.flatMap((learner, at) => [activity(learner, 10 + at, ['p1', 2]), activity(learner, 20 - at, ['p2', 1, true], ['p1', 1])]);
  await append(storage, topics.learnerActivity, hours);
  await append(storage, topics.featureLog, [
    decision('ada', 11 * HOUR_MS, itemFeatures.id, ['p1', 0, -1, 1], ['p2', 1, 0, 1], ['p3', -1, -1, 0.25]),
    decision('ben', 30 * HOUR_MS, itemFeatures.id, ['p1', 0, 0, 1]),
    decision('ben', 12 * HOUR_MS, 'item-features:of-old', ['p1', 0, 0, 1]),
  ]);
  await append(storage, topics.learnerContexts, [context('ada', 5, true), context('ben', 5, false)]);
  await append(storage, topics.profiles, [
    profile('ada', 4, { segments: { education: 'none' } }),
    profile('ben', 4, { segments: { education: 'some' } }),
  ]);
  return storage;
}

const READERS = {
  u8: (bytes: Buffer) => [...bytes],
  i8: (bytes: Buffer) => [...new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)],
  u16: (bytes: Buffer) => Array.from({ length: bytes.length / 2 }, (_, at) => bytes.readUInt16LE(2 * at)),
  u32: (bytes: Buffer) => Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readUInt32LE(4 * at)),
  i32: (bytes: Buffer) => Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readInt32LE(4 * at)),
  f32: (bytes: Buffer) => Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(4 * at)),
  f64: (bytes: Buffer) => Array.from({ length: bytes.length / 8 }, (_, at) => bytes.readDoubleLE(8 * at)),
};

interface Exported {
  readonly counts: TrainingExportCounts;
  readonly head: Readonly<Record<string, unknown>> & Readonly<Record<'learners' | 'items' | 'sources', string[]>>;
  readonly column: (name: string) => number[];
  readonly lines: (name: string) => unknown[];
}

async function exported(untilMs?: number, storage?: MemoryStorage): Promise<Exported> {
  const out = join(temporaryFolder(), 'export');
  const counts = await exportTraining(localTools(storage ?? (await filled())), { region: REGION, out, untilMs });
  const text = (name: string): string => readFileSync(join(out, name), 'utf8');
  return {
    counts,
    head: JSON.parse(text(EXPORT_FILE)) as Exported['head'],
    column: (name) => READERS[name.split('.').at(-1) as keyof typeof READERS](readFileSync(join(out, name))),
    lines: (name) =>
      text(name)
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown),
  };
}

describe('a training export', () => {
  it('has what learners did by the hour, over all partitions', async () => {
    const { head, column, counts } = await exported();
    const hours = column('interactions.hour.i32');
    expect(hours).toEqual([...hours].sort((a, b) => a - b));
    const rows = hours.map((hour, at) => [
      head.learners[column('interactions.learner.u32')[at]!],
      hour,
      head.items[column('interactions.item.u32')[at]!],
      column('interactions.events.u32')[at],
      column('interactions.completed.u8')[at],
    ]);
    expect(rows).toContainEqual(['ada', 10, 'p1', 2, 0]);
    expect(rows).toContainEqual(['eve', 16, 'p2', 1, 1]);
    expect(rows).toHaveLength(15);
    expect(counts).toMatchObject({ interactions: 15, firstMs: 10 * HOUR_MS, learners: 5, items: 3, courses: 1 });
  });

  it('has decisions with their rows one after the other, as they were logged', async () => {
    const { head, column, counts } = await exported();
    expect(counts).toMatchObject({ decisions: 2, rows: 4, otherFeatures: 1 });
    const order = column('decisions.at.f64').map((at) => at / HOUR_MS);
    expect([...order].sort((a, b) => a - b)).toEqual([11, 30]);
    const first = order[0] === 11 ? 0 : 1;
    expect(column('decisions.rows.u32')).toEqual(first === 0 ? [3, 1] : [1, 3]);
    const rows = [first, first + 1, first + 2];
    const valuesOf = (name: string): number[] => rows.map((row) => column(name)[row]!);
    expect(valuesOf('rows.item.u32').map((item) => head.items[item])).toEqual(['p1', 'p2', 'p3']);
    expect(valuesOf('rows.source.u8').map((source) => head.sources[source])).toEqual(['REVIEW', 'TRENDING', 'TRENDING']);
    expect(valuesOf('rows.next.i8')).toEqual([0, 1, -1]);
    expect(valuesOf('rows.new.i8')).toEqual([-1, 0, -1]);
    expect(valuesOf('rows.weight.f32')).toEqual([1, 1, 4]);
    expect(column('rows.features.f32')).toHaveLength(4 * COLUMNS);
    expect(column('rows.features.f32').slice((first + 1) * COLUMNS, (first + 1) * COLUMNS + 3)).toEqual([1, 1.25, 1.5]);
    expect(head).toMatchObject({ format: 1, region: REGION, untilMs: null, decisions: 2, rows: 4, featureSet: { id: itemFeatures.id } });
  });

  it('ends before an instant, for interactions and decisions alike', async () => {
    const { column, counts, head } = await exported(13 * HOUR_MS);
    // The hour that ends at the instant is over; the one that begins there is not.
    expect(column('interactions.hour.i32')).toEqual([10, 11, 12]);
    expect(counts).toMatchObject({ decisions: 1, rows: 3 });
    expect(head.untilMs).toBe(13 * HOUR_MS);
  });

  it('has attributes of those alone who agree to profiling', async () => {
    const { lines } = await exported();
    const courses = [{ course: COURSE, cohort: COHORT, enrolledAtMs: 7 }];
    expect(lines('learners.jsonl')).toHaveLength(2);
    expect(lines('learners.jsonl')).toContainEqual({ learner: 'ada', consent: true, attributes: { education: 'none' }, courses });
    expect(lines('learners.jsonl')).toContainEqual({ learner: 'ben', consent: false, attributes: {}, courses });
  });

  it('of a folder in which nothing ran is empty, and still whole', async () => {
    const { counts, column, lines } = await exported(undefined, memoryStorage());
    expect(counts).toMatchObject({ interactions: 0, decisions: 0, rows: 0, firstMs: null });
    expect(column('rows.features.f32')).toEqual([]);
    expect(lines('curricula.jsonl')).toEqual([]);
  });

  it('refuses a partition that is not in the order of time, and leaves nothing behind', async () => {
    const storage = memoryStorage();
    await append(storage, topics.learnerActivity, [activity('ada', 12, ['p1', 1]), activity('ada', 11, ['p1', 1])]);
    const out = join(temporaryFolder(), 'export');
    await expect(exportTraining(localTools(storage), { region: REGION, out })).rejects.toMatchObject({ code: 'SFS_EXPORT_ORDER' });
    expect([out, `${out}.partial`].filter((path) => existsSync(path))).toEqual([]);
  });

  it('replaces an earlier export, and nothing else', async () => {
    const out = join(temporaryFolder(), 'export');
    const tools = localTools(memoryStorage());
    await exportTraining(tools, { region: REGION, out });
    // As a shell completes the name.
    await exportTraining(tools, { region: REGION, out: `${out}/` });
    expect(existsSync(join(out, EXPORT_FILE))).toBe(true);
    const other = join(temporaryFolder(), 'thesis');
    mkdirSync(other);
    writeFileSync(join(other, 'chapter-1'), 'years of work');
    await expect(exportTraining(tools, { region: REGION, out: other })).rejects.toMatchObject({ code: 'SFS_FILE_EXISTS' });
    expect(readFileSync(join(other, 'chapter-1'), 'utf8')).toBe('years of work');
  });
});
