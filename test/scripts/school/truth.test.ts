import { beforeAll, describe, expect, it } from 'vitest';
import { hourOfWeek, hourShare } from '../../../scripts/synthetic/habits.js';
import { School, learnerTruth, schoolAt, truthLines } from '../../../scripts/school/index.js';
import { DAY_MS, HOUR_MS, WEEK_MS, chainsOf, counted, recorded, type Recorded } from './recorded.js';

const OPTIONS = { seed: 3, learners: 500, courses: 2, items: 60, days: 28, eventsPerDay: 4_000, lateShare: 0 };
/** On a machine that does much else. */
const SLOW_MS = 90_000;
const { startMs } = new School(OPTIONS).options;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Correlation of two lists. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: readonly number[], mx: number, y: readonly number[], my: number): number =>
    mean(x.map((value, at) => (value - mx) * (y[at]! - my)));
  return product(a, meanA, b, meanB) / Math.sqrt(product(a, meanA, a, meanA) * product(b, meanB, b, meanB));
}

/** Slope and intercept of a logistic regression of shares on one variable, by Newton's method. */
function logisticFit(points: readonly (readonly [x: number, share: number])[]): { slope: number; intercept: number } {
  let [slope, intercept] = [0, 0];
  for (let round = 0; round < 25; round++) {
    let [g0, g1, h00, h01, h11] = [0, 0, 0, 0, 0];
    for (const [x, share] of points) {
      const p = 1 / (1 + Math.exp(-(intercept + slope * x)));
      const w = p * (1 - p);
      g0 += share - p;
      g1 += (share - p) * x;
      h00 += w;
      h01 += w * x;
      h11 += w * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { slope, intercept };
}

/** By item of a chain: when the quiz of its unit is due. */
function dueOf(told: Recorded): Map<string, number> {
  const quizDueMs = new Map<string, number>();
  for (const { personal } of told.lmsEvents) if (personal.kind === 'DEADLINE') quizDueMs.set(personal.item!, personal.dueAtMs!);
  const dueMs = new Map<string, number>();
  for (const chain of chainsOf(told).values()) {
    // From the end: every item belongs to the next quiz.
    let due: number | undefined;
    for (const { item, kind } of [...chain].reverse()) {
      if (kind === 'quiz') due = quizDueMs.get(item);
      if (due !== undefined) dueMs.set(item, due);
    }
  }
  return dueMs;
}

describe('what happens in a school', { timeout: SLOW_MS }, () => {
  let told: Recorded;
  beforeAll(() => {
    told = recorded(OPTIONS);
  }, SLOW_MS);

  it('follows the prerequisites: an item of the chain is completed after the one before it', () => {
    const before = new Map([...chainsOf(told).values()].flat().map(({ item, prerequisites }) => [item as string, prerequisites]));
    const done = new Set<string>();
    let completed = 0;
    for (const { learner, personal } of told.clicks) {
      if (personal.action !== 'COMPLETE' || !before.has(personal.item)) continue;
      completed++;
      for (const needed of before.get(personal.item)!)
        if (!done.has(`${learner} ${needed}`)) expect.fail(`${learner} did ${personal.item} before ${needed}`);
      done.add(`${learner} ${personal.item}`);
    }
    expect(completed).toBeGreaterThan(2_000);
    expect(Math.max(...[...before.values()].map(({ length }) => length))).toBe(1);
  });

  it('opens nothing whose unit is closed, that has not appeared yet or was withdrawn', () => {
    const opens = new Map<string, number>();
    const closes = new Map<string, number>();
    for (const { item, withdrawn, updatedAtMs, availableFromMs } of told.catalogue) {
      if (withdrawn) closes.set(item, updatedAtMs);
      else opens.set(item, Math.max(updatedAtMs, availableFromMs ?? -Infinity));
    }
    const wrong = told.openings.filter(({ click: { occurredAtMs, personal } }) => {
      return occurredAtMs < (opens.get(personal.item) ?? Infinity) || occurredAtMs >= (closes.get(personal.item) ?? Infinity);
    });
    expect(wrong).toEqual([]);
    expect([...closes.values()].filter((atMs) => atMs > startMs).length).toBeGreaterThan(0);
    const appeared = [...opens].filter(
      ([item, atMs]) =>
        atMs > startMs + DAY_MS &&
        !chainsOf(told)
          .get(item.replace(/-[a-z]+-\d+$/, ''))
          ?.some((one) => one.item === item),
    );
    expect(appeared.length).toBeGreaterThan(1);
    const fresh = new Set(told.openings.filter(({ motive }) => motive === 'fresh').map(({ click }) => click.personal.item as string));
    expect(appeared.filter(([item]) => fresh.has(item)).length).toBeGreaterThan(1);
  });

  it('is done by who is enrolled, from enrolment to its end', () => {
    const spans = new Map<string, [fromMs: number, untilMs: number]>();
    for (const { learner, course, occurredAtMs, personal } of told.lmsEvents) {
      const key = `${learner} ${course}`;
      if (personal.kind === 'ENROLLED') spans.set(key, [occurredAtMs, Infinity]);
      if (personal.kind === 'UNENROLLED') spans.get(key)![1] = occurredAtMs;
    }
    for (const { learner, course, occurredAtMs } of [...told.clicks, ...told.quizResults]) {
      const [fromMs, untilMs] = spans.get(`${learner} ${course}`) ?? [Infinity, 0];
      if (occurredAtMs < fromMs || occurredAtMs >= untilMs) expect.fail(`${learner} is not in ${course} at ${occurredAtMs}`);
    }
    expect([...spans.values()].filter(([, untilMs]) => untilMs < Infinity).length).toBeGreaterThan(20);
  });

  it('has newcomers while courses run, who learn in a cohort of their own', () => {
    const enrolled = told.lmsEvents.filter(({ personal }) => personal.kind === 'ENROLLED');
    const newcomers = enrolled.filter(({ occurredAtMs, cohort }) => occurredAtMs > startMs + WEEK_MS && cohort.endsWith('-b'));
    expect(newcomers.length / enrolled.length).toBeGreaterThan(0.1);
    const active = new Set(told.clicks.map(({ learner }) => learner));
    expect(newcomers.filter(({ learner }) => active.has(learner)).length / newcomers.length).toBeGreaterThan(0.6);
    const days = new Set(newcomers.map(({ occurredAtMs }) => Math.floor(occurredAtMs / DAY_MS)));
    expect(days.size).toBeGreaterThan(20);
  });

  it('has learners who turn to a unit before it is due: twice as much in the two days before as in the two days after', () => {
    const dueMs = dueOf(told);
    const shareOf = (due: number, fromMs: number, untilMs: number): readonly [ofUnit: number, all: number] => {
      const openings = told.openings.filter(({ click }) => click.occurredAtMs >= due + fromMs && click.occurredAtMs < due + untilMs);
      const ofUnit = openings.filter(({ click, motive }) => motive === 'next' && dueMs.get(click.personal.item) === due);
      return [ofUnit.length, openings.length];
    };
    const dues = [...new Set(dueMs.values())];
    const sumOf = (fromMs: number, untilMs: number): { ofUnit: number; share: number } => {
      const parts = dues.map((due) => shareOf(due, fromMs, untilMs));
      const ofUnit = parts.reduce((sum, [n]) => sum + n, 0);
      return { ofUnit, share: ofUnit / parts.reduce((sum, [, n]) => sum + n, 0) };
    };
    const [before, after] = [sumOf(-2 * DAY_MS, 0), sumOf(0, 2 * DAY_MS)];
    expect(before.ofUnit).toBeGreaterThan(100);
    expect(before.share / after.share).toBeGreaterThan(2);
  });

  it('keeps the hours of the week, and every learner keeps hours of their own', () => {
    const byHour = counted(told.clicks.map(({ occurredAtMs }) => hourOfWeek(occurredAtMs)));
    const hours = Array.from({ length: 168 }, (_, hour) => hour);
    expect(
      correlation(
        hours.map((hour) => byHour.get(hour) ?? 0),
        hours.map(hourShare),
      ),
    ).toBeGreaterThan(0.98);
    const isNight = ({ occurredAtMs }: { readonly occurredAtMs: number }): boolean => hourOfWeek(occurredAtMs) % 24 < 4;
    const all = counted(told.clicks.map(({ learner }) => learner));
    const night = counted(told.clicks.filter(isNight).map(({ learner }) => learner));
    const shares = [...all].filter(([, clicks]) => clicks > 60).map(([learner, clicks]) => (night.get(learner) ?? 0) / clicks);
    expect(told.clicks.filter(isNight).length / told.clicks.length).toBeLessThan(0.1);
    const owls = shares.filter((share) => share > 0.25).length / shares.length;
    expect(owls).toBeGreaterThan(0.03);
    expect(owls).toBeLessThan(0.2);
  });
});

describe('the truth of a school', { timeout: SLOW_MS }, () => {
  it('says how quizzes go: the logit of the right answers is ability less difficulty', () => {
    const school = new School(OPTIONS);
    const difficulties = new Map<string, number>();
    const points: (readonly [number, number])[] = [];
    for (const { catalogue, quizResults, untilMs } of school.steps()) {
      for (const { item, difficulty } of catalogue) if (difficulty !== null) difficulties.set(item, Math.log(difficulty / (1 - difficulty)));
      for (const { learner, course, personal } of quizResults) {
        const truth = learnerTruth(school, learner, untilMs - 1).find((one) => one.course === course);
        if (truth !== undefined) points.push([truth.abilities[personal.skills[0]!]! - difficulties.get(personal.item)!, personal.score]);
      }
    }
    const { slope, intercept } = logisticFit(points);
    expect(points.length).toBeGreaterThan(1_000);
    expect(Math.abs(slope - 1)).toBeLessThan(0.1);
    expect(Math.abs(intercept)).toBeLessThan(0.1);
    expect(
      correlation(
        points.map(([x]) => x),
        points.map(([, score]) => score),
      ),
    ).toBeGreaterThan(0.5);
  });

  it('says that practice makes better', () => {
    const [first, later] = [1, 27].map((day) => schoolAt(OPTIONS, startMs + day * DAY_MS));
    const sums = [first!, later!].map((school, at) =>
      [...truthLines(school, startMs + (at === 0 ? 1 : 27) * DAY_MS)].map(
        ({ learner_id, course, abilities }) => [`${learner_id} ${course}`, Object.values(abilities).reduce((a, b) => a + b, 0)] as const,
      ),
    );
    const before = new Map(sums[0]);
    const gains = sums[1]!.flatMap(([key, sum]) => (before.has(key) ? [sum - before.get(key)!] : []));
    expect(Math.min(...gains)).toBeGreaterThanOrEqual(0);
    expect(mean(gains)).toBeGreaterThan(0.4);
  });

  it('says what is opened next, with the right odds', () => {
    const atMs = startMs + 16 * DAY_MS + 9 * HOUR_MS;
    const school = schoolAt(OPTIONS, atMs);
    const opened = new Map<string, string>();
    for (const { click } of recorded({ ...OPTIONS, days: 17 }).openings) {
      const key = `${click.learner} ${click.course}`;
      if (click.occurredAtMs >= atMs && click.occurredAtMs < atMs + 3 * HOUR_MS && !opened.has(key)) opened.set(key, click.personal.item);
    }
    let [met, expected, variance] = [0, 0, 0];
    for (const [key, item] of opened) {
      const [learner, course] = key.split(' ');
      const truth = learnerTruth(school, learner!, atMs).find((one) => one.course === course);
      if (truth === undefined) continue;
      const chances = Object.values(truth.chances);
      expect(chances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      expect(Object.values(truth.motives).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      const squares = chances.reduce((sum, chance) => sum + chance ** 2, 0);
      met += (truth.chances as Readonly<Record<string, number>>)[item] ?? 0;
      expected += squares;
      variance += chances.reduce((sum, chance) => sum + chance ** 3, 0) - squares ** 2;
    }
    expect(opened.size).toBeGreaterThan(50);
    // Three standard deviations, and what changes in three hours.
    expect(Math.abs(met - expected)).toBeLessThan(3 * Math.sqrt(variance) + 0.05 * expected);
  });

  it('knows nothing of strangers', () => {
    const school = schoolAt({ ...OPTIONS, days: 1 }, startMs + HOUR_MS);
    expect(['learner-0', 'learner-501', 'ada', 'learner-1x'].flatMap((learner) => learnerTruth(school, learner, startMs + HOUR_MS))).toEqual([]);
    expect(learnerTruth(school, 'learner-1', startMs + HOUR_MS)).toHaveLength(1);
  });
});
