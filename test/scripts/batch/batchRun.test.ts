/** Batch features of a school, made by dbt, against an independent computation from the log. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { cohortId, courseId, itemId, learnerId, topics, type Click, type Opened, type QuizResult } from '../../../schemas/index.js';
import { COHORT_FLOOR } from '../../../operators/recommend/index.js';
import { modelNames } from '../../../scripts/batch/models.js';
import { isInstalled, runPython } from '../../../scripts/ml/python.js';
import { allBlocks } from '../../docs/documents.js';
import { catalogueItem } from '../../topologies/statements.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { BatchSchool, REGION, type FeatureRow } from './batchSchool.js';

const SLOW_MS = 600_000;
const DAY_MS = 86_400_000;
const DAYS = ['2025-09-06', '2025-09-07', '2025-09-08', '2025-09-09'];
const [FROM, UNTIL] = ['2025-09-06', '2025-09-10'];

interface Summary {
  readonly made: readonly { readonly day: string; readonly rows: Readonly<Record<string, number>> }[];
  readonly unchanged: readonly string[];
  readonly stale: readonly string[];
  readonly tests: number;
}

interface Scores {
  readonly results_7d: number;
  readonly results_28d: number;
  readonly quizzes_28d: number;
  readonly mean_score_7d: number | null;
  readonly mean_score_28d: number;
  readonly correct_share_28d: number;
  readonly days_since_result: number;
}

/** The scores of a learner as of the end of a day, from the records of the log. */
function scoresOf(results: readonly Opened<QuizResult>[], day: string): Map<string, Scores> {
  const endMs = Date.parse(`${day}T00:00:00Z`) + DAY_MS;
  const once = new Map(results.map((result) => [result.eventId, result]));
  const within = (days: number) => [...once.values()].filter(({ occurredAtMs }) => occurredAtMs < endMs && occurredAtMs >= endMs - days * DAY_MS);
  const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length);
  const [week, month] = [within(7), within(28)];
  return new Map(
    [...new Set(month.map(({ learner }) => learner))].map((learner) => {
      const own = month.filter((result) => result.learner === learner);
      const ownOfWeek = week.filter((result) => result.learner === learner);
      return [
        learner,
        {
          results_7d: ownOfWeek.length,
          results_28d: own.length,
          quizzes_28d: new Set(own.map(({ personal }) => personal.item)).size,
          mean_score_7d: mean(ownOfWeek.map(({ personal }) => personal.score)),
          mean_score_28d: mean(own.map(({ personal }) => personal.score))!,
          correct_share_28d: own.filter(({ personal }) => personal.correct).length / own.length,
          days_since_result: (endMs - Math.max(...own.map(({ occurredAtMs }) => occurredAtMs))) / DAY_MS,
        },
      ];
    }),
  );
}

/** Numbers as a test compares them: to nine places. */
const rounded = (value: unknown): unknown =>
  typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? Number(value.toFixed(9)) : value;

function comparable(rows: ReadonlyMap<string, Scores>, names: readonly string[]): Record<string, unknown> {
  const entries = [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([learner, row]) => [learner, names.map((name) => rounded(row[name as keyof Scores]))]));
}

const COLUMNS = ['results_7d', 'results_28d', 'quizzes_28d', 'mean_score_7d', 'mean_score_28d', 'correct_share_28d', 'days_since_result'];
const asScores = (rows: readonly FeatureRow[]): Map<string, Scores> => new Map(rows.map((row) => [String(row['learner']), row as unknown as Scores]));

/** A cohort of five, of whom two are left in the last week. */
const DWINDLING = cohortId('dwindling');
const clickOn = (day: string, learner: string): Opened<Click> => ({
  ...{ eventId: `${learner} ${day}`, learner: learnerId(learner), course: courseId('dwindling'), cohort: DWINDLING, region: REGION },
  occurredAtMs: Date.parse(`${day}T12:00:00Z`),
  personal: { item: itemId('dwindling-1'), action: 'OPEN', dwellMs: 0, clicks: 1 },
});

/** Quizzes whose learners few client programs tell attempts of: each result is a first one. By quiz, how often each of its learners handed it in. */
const HANDED_IN: Readonly<Record<string, readonly number[]>> = {
  'quiz-of-one': [12],
  'quiz-of-four': [2, 2, 2, 2],
  'quiz-of-five': [1, 1, 1, 1, 1],
};
/** Five learners, of whom four told a first attempt: twice each. */
const FEW_FIRST = 'quiz-of-few-first';
const QUIZZES = [...Object.keys(HANDED_IN), FEW_FIRST];
const resultOf = (item: string, learner: number, time: number, attempts = 1): Opened<QuizResult> => ({
  ...{ eventId: `${item} ${learner} ${time}`, learner: learnerId(`q${learner}`), course: courseId('quizzes'), cohort: cohortId('quizzes') },
  ...{ region: REGION, occurredAtMs: Date.parse('2025-09-02T12:00:00Z') + time * 60_000 },
  personal: { item: itemId(item), skills: [], score: 1, attempts, correct: learner === 0, banked: false },
});
const RESULTS = [
  ...Object.entries(HANDED_IN).flatMap(([item, counts]) =>
    counts.flatMap((count, learner) => Array.from({ length: count }, (_, time) => resultOf(item, learner, time))),
  ),
  ...[0, 1, 2, 3].flatMap((learner) => [resultOf(FEW_FIRST, learner, 0), resultOf(FEW_FIRST, learner, 1)]),
  resultOf(FEW_FIRST, 4, 0, 2),
];

const CLICKS = [
  ...['d1', 'd2', 'd3', 'd4', 'd5'].map((learner) => clickOn('2025-09-01', learner)),
  ...['d1', 'd2'].map((learner) => clickOn('2025-09-08', learner)),
];

describe('batch features', () => {
  let school: BatchSchool;

  beforeAll(async () => {
    if (!isInstalled('batch')) return;
    school = await BatchSchool.open();
    await school.append(topics.clicks, CLICKS);
    await school.append(
      topics.catalogue,
      QUIZZES.map((name) => catalogueItem(name, 1, { course: 'quizzes', region: REGION })),
    );
    await school.append(topics.quizResults, RESULTS);
    await school.archiveAll();
  }, SLOW_MS);

  const needsDbt = (context: TestContext): void => skipWithoutPython(context, 'batch');
  const run = async (): Promise<Summary> => {
    const result = await school.run(FROM, UNTIL);
    expect(result.code, result.stdout + result.stderr).toBe(0);
    return result.json<{ summary: Summary }>().summary;
  };
  const expectScores = async (): Promise<void> => {
    const results = await school.quizResults();
    for (const day of DAYS) {
      const expected = scoresOf(results, day);
      expect(comparable(asScores(await school.rows('learner_quiz_scores', day)), COLUMNS)).toEqual(comparable(expected, COLUMNS));
    }
  };

  it('are one file for each model and day, tested, and equal what the log says', { timeout: SLOW_MS }, async (context) => {
    needsDbt(context);
    const summary = await run();
    expect(summary.made.map(({ day }) => day)).toEqual(DAYS);
    expect(summary.tests).toBeGreaterThan(40);
    for (const { day, rows } of summary.made) {
      for (const model of modelNames) {
        expect([model, day, rows[model]! > 0]).toEqual([model, day, true]);
        expect(await school.rows(model, day)).toHaveLength(rows[model]!);
      }
    }
    await expectScores();
    const [row] = await school.rows('cohort_pace', DAYS[0]!);
    expect(row!['event_timestamp']).toEqual(new Date('2025-09-07T00:00:00Z'));
    expect(existsSync(join(school.features, '_work'))).toBe(false);
    // A second run has nothing to do.
    expect(await run()).toMatchObject({ made: [], unchanged: DAYS, stale: [] });
  });

  it('of a cohort tell nothing of a week in which few of it were active', { timeout: SLOW_MS }, async (context) => {
    needsDbt(context);
    await run();
    const ofWeek = async (day: string): Promise<unknown[]> => {
      const row = (await school.rows('cohort_pace', day)).find(({ cohort }) => cohort === DWINDLING)!;
      return ['active_learners_28d', 'active_learners_7d', 'events_per_learner_7d', 'active_days_per_learner_7d'].map((name) => rounded(row[name]));
    };
    expect(await ofWeek(DAYS[0]!)).toEqual([5, 5, 1, 1]);
    expect(await ofWeek(DAYS[3]!)).toEqual([5, null, null, null]);
  });

  it('of an item are of five learners, however often fewer of them hand it in', { timeout: SLOW_MS }, async (context) => {
    needsDbt(context);
    await run();
    const rows = new Map((await school.rows('item_difficulty', DAYS[0]!)).map((row) => [String(row['item']), row]));
    const told = (item: string): unknown => {
      const row = rows.get(item);
      return row && ['learners_28d', 'mean_score_28d', 'first_results_28d', 'first_learners_28d', 'difficulty'].map((name) => rounded(row[name]));
    };
    expect(Object.fromEntries(QUIZZES.map((item) => [item, told(item)]))).toEqual({
      'quiz-of-one': undefined,
      'quiz-of-four': undefined,
      // Of five first attempts four were wrong.
      'quiz-of-five': [5, 1, 5, 5, rounded(5 / 7)],
      [FEW_FIRST]: [5, 1, null, null, null],
    });
    expect(rows.get(FEW_FIRST)!['first_correct_share_28d']).toBeNull();
    expect([...rows.values()].filter((row) => Number(row['learners_28d']) < COHORT_FLOOR)).toEqual([]);
  });

  it('can be asked of the archive itself, as the how-to does', { timeout: SLOW_MS }, async (context) => {
    needsDbt(context);
    const queries = allBlocks('docs/how-to/batch-features.md').flatMap(({ info, text }) =>
      info === 'sql' ? [text.replace("'archive/", `'${school.archive}/`)] : [],
    );
    const program = 'import duckdb, json, sys; print(json.dumps([duckdb.sql(one).fetchall() for one in json.loads(sys.argv[1])], default=str))';
    const printed = await runPython('batch', ['-c', program, JSON.stringify(queries)]);
    const [days, learners] = JSON.parse(printed) as [[string, string, number][], [string, number][]];
    const ofDay = days.filter(([day]) => day === '2025-09-08').reduce((sum, [, , count]) => sum + count, 0);
    const counts = learners.map(([, count]) => count);
    expect(counts).toHaveLength(10);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThan(ofDay);
  });

  it('of a day that something comes late for are made again, and the days after it, without doubling', { timeout: SLOW_MS }, async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    needsDbt(context);
    const [some] = await school.quizResults();
    const before = school.bytes('learner_quiz_scores', DAYS[0]!)!;
    const learner = some!.learner;
    await school.append(topics.quizResults, [
      { ...some!, eventId: 'late', occurredAtMs: Date.parse('2025-09-07T12:00:00Z'), personal: { ...some!.personal, score: 0.123 } },
    ]);
    await school.archiveAll();
    const summary = await run();
    expect(summary).toMatchObject({ unchanged: [DAYS[0]], stale: [] });
    expect(summary.made.map(({ day }) => day)).toEqual(DAYS.slice(1));
    expect(school.bytes('learner_quiz_scores', DAYS[0]!)!.equals(before)).toBe(true);
    await expectScores();
    const own = (await school.rows('learner_quiz_scores', DAYS[1]!)).filter((row) => row['learner'] === learner);
    expect(own).toHaveLength(1);
  });

  it('of poisoned input are refused, and what was published stays', { timeout: SLOW_MS }, async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    needsDbt(context);
    const [some] = await school.quizResults();
    const before = new Map(DAYS.map((day) => [day, modelNames.map((model) => school.bytes(model, day))]));
    const poison = { ...some!, eventId: 'poison', occurredAtMs: Date.parse('2025-09-08T12:00:00Z') };
    await school.append(topics.quizResults, [{ ...poison, personal: { ...poison.personal, score: 7, item: itemId('no-such-item') } }]);
    await school.archiveAll();
    const refused = await school.run(FROM, UNTIL);
    const { error } = refused.json<{ error: { code: string; message: string; context: { failed: string[] } } }>();
    expect([refused.code, error.code]).toEqual([3, 'SFS_DBT_FAILED']);
    expect(error.context.failed.join()).toMatch(/in_range_stg_quiz_results_score/);
    expect(error.context.failed.join()).toMatch(/relationships_stg_quiz_results_item/);
    expect(new Map(DAYS.map((day) => [day, modelNames.map((model) => school.bytes(model, day))]))).toEqual(before);
  });
});
