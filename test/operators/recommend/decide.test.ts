import { describe, expect, it } from 'vitest';
import { NO_RETRIEVAL, decide, formulaRanker, itemFeatures, type Models, type Ranker } from '../../../operators/recommend/index.js';
import { cohortId, courseId, itemId } from '../../../schemas/index.js';
import { AT, COURSE, DAY_MS, EMPTY, OPTIONS, argumentsOf, place, trend, use, type LearnerParts, type World } from './worlds.js';

const decided = (world: Partial<World>, parts?: LearnerParts) => {
  const { moment, lookups } = argumentsOf({ ...EMPTY, ...world }, parts);
  return decide(moment, lookups, OPTIONS);
};
const courseOf = (world: Partial<World>, parts?: LearnerParts) => decided(world, parts).recommendation.personal.courses[0]!;
const namesOf = (items: readonly { readonly item: string }[]): string[] => items.map(({ item }) => item);
/** Why an item is in the list `next`: source, then reasons. */
const whyOf = (world: Partial<World>, item: string, parts?: LearnerParts): string | undefined => {
  const found = courseOf(world, parts).next.find((one) => one.item === item);
  return found && [found.source, ...found.reasons].join(' ');
};
const manyItems = (count: number): string[] => Array.from({ length: count }, (_, n) => `item-${String(n).padStart(3, '0')}`);

describe('a decision', () => {
  it('names what it was made by, when, and until when it is good', () => {
    const { recommendation } = decided({ uses: [use('a', 1)] });
    expect(recommendation).toMatchObject({
      learner: 'ada',
      region: 'test',
      madeAtMs: AT,
      validUntilMs: AT + 8 * DAY_MS,
      modelVersion: 'formula-2',
      topologyVersion: 3,
      variant: '',
    });
    expect(recommendation.personal.courses.map(({ course }) => course)).toEqual([COURSE]);
  });

  it('ranks what is not opened by use and by uptake in the cohort, ties by id', () => {
    const taken = { ...trend('c', 10), newLearners1d: 5, newLearners3d: 5, newLearners7d: 5 };
    const { next, new: fresh } = courseOf({ trends: [trend('e', 20), trend('b', 10), trend('a', 10), taken], uses: [use('z', 30)] });
    expect(namesOf(fresh)).toEqual(['c', 'e', 'a', 'b']);
    expect(namesOf(next)).toEqual(['c', 'e', 'a', 'b', 'z']);
  });

  it('ranks what was used by how often and how lately', () => {
    const often = { days: 9, weight: 8 };
    const { next } = courseOf({ uses: [use('old', 20), use('late', 0), use('habit', 1, often), use('oldest', 21)] });
    expect(namesOf(next)).toEqual(['habit', 'late', 'old', 'oldest']);
  });

  it('lists at most 20, the rest of `new` after those of `next` that were opened', () => {
    const items = manyItems(60);
    const { next, new: fresh } = courseOf({
      trends: items.map((item, n) => trend(item, 100 - n)),
      uses: items.slice(0, 30).map((item) => use(item, 1)),
    });
    expect([next.length, namesOf(fresh)]).toEqual([20, items.slice(30, 50)]);
  });

  it('fills a list with new items, where their youth is worth more than what little use there is', () => {
    const items = manyItems(80);
    const places = items.slice(40).map((item) => place(item, { addedAtMs: AT - 3_600_000 }));
    const { new: fresh } = courseOf({ trends: items.slice(0, 40).map((item) => trend(item, 1)), places, uses: [use('z', 1)] });
    expect(namesOf(fresh)).toEqual(items.slice(40, 60));
  });

  it('has an empty list where there is nothing to list', () => {
    const { next, new: fresh } = courseOf({ uses: [use('a', 1)], places: [place('a', { withdrawn: true })] });
    expect([next, fresh]).toEqual([[], []]);
  });
});

describe('the reasons and the source of an item', () => {
  const used = [use('z', 1)];

  it.each<[string, Partial<World>, string]>([
    ['trends', { trends: [trend('a', 3)], uses: used }, 'TRENDING TRENDING_IN_COHORT'],
    ['was used, and nobody else uses it', { uses: [use('a', 1)] }, 'REVIEW CONTINUE'],
    ['was used and trends', { trends: [trend('a', 3)], uses: [use('a', 1)] }, 'TRENDING CONTINUE TRENDING_IN_COHORT'],
    ['is new', { places: [place('a', { addedAtMs: AT - 3 * DAY_MS })], uses: used }, 'NEW NEW_ITEM'],
    ['is due', { places: [place('a')], deadlines: [{ item: itemId('a'), dueAtMs: AT + 7 * DAY_MS }], uses: used }, 'CURRICULUM DUE_SOON'],
    ['is due later', { places: [place('a')], deadlines: [{ item: itemId('a'), dueAtMs: AT + 8 * DAY_MS }], uses: used }, 'CURRICULUM'],
    ['was due', { places: [place('a')], deadlines: [{ item: itemId('a'), dueAtMs: AT - 1 }], uses: used }, 'CURRICULUM'],
    ['comes next', { places: [place('a', { prerequisites: [itemId('z')] })], uses: [use('z', 1, { completed: true })] }, 'CURRICULUM NEXT_IN_COURSE'],
    [
      'exercises a weak skill',
      {
        trends: [trend('a', 3)],
        places: [place('a', { skills: ['algebra'] })],
        skills: [{ skill: 'algebra', mastery: 0.2, answers: 3, lastAtMs: AT }],
        uses: used,
      },
      'REVIEW WEAK_SKILL TRENDING_IN_COHORT',
    ],
    [
      'is due and trends',
      { trends: [trend('a', 3)], places: [place('a')], deadlines: [{ item: itemId('a'), dueAtMs: AT }], uses: used },
      'CURRICULUM DUE_SOON TRENDING_IN_COHORT',
    ],
  ])('of one that %s', (_, world, why) => {
    expect(whyOf(world, 'a')).toBe(why);
  });

  it.each<[string, Partial<World>]>([
    ['is not used by anybody', { places: [place('a')], uses: used }],
    ['is withdrawn', { trends: [trend('a', 3)], places: [place('a', { withdrawn: true })], uses: [use('a', 1)] }],
    ['is not available yet', { trends: [trend('a', 3)], places: [place('a', { availableFromMs: AT + 1 })], uses: used }],
    ['is not available any more', { trends: [trend('a', 3)], places: [place('a', { availableUntilMs: AT })], uses: used }],
    ['needs another first', { trends: [trend('a', 3)], places: [place('a', { prerequisites: [itemId('z')] })], uses: used }],
    [
      'is a quiz that teaches nothing any more',
      {
        trends: [trend('a', 3)],
        places: [place('a', { kind: 'quiz', skills: ['algebra'] })],
        skills: [{ skill: 'algebra', mastery: 0.95, answers: 9, lastAtMs: AT }],
        uses: used,
      },
    ],
  ])('are none where it %s', (_, world) => {
    expect(whyOf(world, 'a')).toBeUndefined();
  });
});

describe('a cohort of another course', () => {
  const other = (uses: World['uses']): string[] => {
    const { moment, lookups } = argumentsOf({ ...EMPTY, trends: [trend('foreign', 9)], uses });
    const trends = new Map([...lookups.trends].map(([cohort, row]) => [cohort, { ...row, course: courseId('another') }]));
    const { next } = decide(moment, { ...lookups, trends }, OPTIONS).recommendation.personal.courses[0]!;
    return namesOf(next);
  };

  it('proposes nothing', () => {
    expect(other([])).toEqual([]);
    expect(other([use('own', 1)])).toEqual(['own']);
  });
});

describe('a decision without history', () => {
  const segments = { he: ['b', 'a'], all: ['c', 'a'] };
  const world = { trends: [trend('d', 9), trend('c', 8)], places: [place('e'), place('f', { prerequisites: [itemId('e')] })] };

  it('takes the list of the segment with that of the course behind it, then what trends, then what the course begins with, and none twice', () => {
    const { segment, next, new: fresh } = courseOf(world, { segment: 'he', segments });
    expect(segment).toBe('he');
    expect(next.map(({ item, source, reasons }) => [item, source, ...reasons].join(' '))).toEqual([
      'a SEGMENT POPULAR_IN_SEGMENT',
      'b SEGMENT POPULAR_IN_SEGMENT',
      'c POPULAR POPULAR',
      'd POPULAR POPULAR',
      'e CURRICULUM NEXT_IN_COURSE',
    ]);
    expect(fresh).toEqual(next);
    expect(next.map(({ score }) => score)).toEqual([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5].map(Math.fround));
  });

  it('takes the list of the course alone where the learner has no segment, or does not agree to profiling', () => {
    const names = ['c', 'a', 'd', 'e'];
    expect(namesOf(courseOf(world, { segments }).next)).toEqual(names);
    const { segment, next } = courseOf({ ...world, uses: [use('z', 1)] }, { consent: false, segment: 'he', segments });
    expect([segment, namesOf(next)]).toEqual(['', names]);
  });

  it('leaves out what is withdrawn or not available, and what needs something that the learner has not done', () => {
    const places = [
      place('a', { withdrawn: true }),
      place('b', { availableFromMs: AT + 1 }),
      place('c', { prerequisites: [itemId('a')] }),
      place('e'),
    ];
    expect(namesOf(courseOf({ ...world, places }, { segment: 'he', segments }).next)).toEqual(['d', 'e']);
  });

  it('keeps what others are needed for where nobody knows what the learner has done', () => {
    const places = [place('c', { prerequisites: [itemId('a')] })];
    expect(namesOf(courseOf({ ...world, places }, { consent: false, segments }).next)).toEqual(['c', 'a', 'd']);
  });

  it('logs nothing: nothing was ranked', () => {
    expect(decided(world).log).toEqual([]);
  });
});

describe('the log of a decision', () => {
  const world = { trends: manyItems(60).map((item, n) => trend(item, 100 - n)), uses: [use('item-001', 1)] };
  const { moment, lookups } = argumentsOf({ ...EMPTY, ...world });

  it('is made for the share that is asked for, the same decisions in every run', () => {
    const logged = (loggedShare: number): boolean[] =>
      Array.from({ length: 400 }, (_, n) => decide({ ...moment, atMs: AT + n * 3_600_000 }, lookups, { ...OPTIONS, loggedShare }).log !== null);
    const quarter = logged(0.25);
    expect(quarter.filter(Boolean).length).toBeGreaterThan(60);
    expect(quarter.filter(Boolean).length).toBeLessThan(140);
    expect(logged(0.25)).toEqual(quarter);
    expect([logged(0).includes(true), logged(1).includes(false)]).toEqual([false, false]);
  });

  it('names the decision, the features and the model, one record for each course', () => {
    const course = moment.state.context!.courses[0]!;
    const two = { ...moment.state.context!, courses: [course, { ...course, course: courseId('BBB-2024J'), cohort: cohortId('BBB-2024J') }] };
    const histories = [COURSE, two.courses[1]!.course].map((one) => ({ course: one, uses: world.uses }));
    const { log } = decide({ ...moment, state: { ...moment.state, context: two, histories } }, lookups, OPTIONS);
    expect(log!.map(({ personal }) => personal.course)).toEqual([COURSE, 'BBB-2024J']);
    expect(new Set(log!.map(({ decisionId }) => decisionId)).size).toBe(2);
    expect(log![0]).toMatchObject({ learner: 'ada', decidedAtMs: AT, featureSet: itemFeatures.id, modelVersion: 'formula-2' });
    expect(log![0]!.personal.candidates.find(({ item }) => item === 'item-001')!.features[itemFeatures.column('opened')]).toBe(1);
    expect(log![1]!.personal.candidates.map(({ item }) => item)).toEqual(['item-001']);
  });

  it('holds what was not listed, too', () => {
    const { candidates } = decide({ ...moment, atMs: AT }, lookups, OPTIONS).log![0]!.personal;
    expect(candidates.filter(({ nextRank, newRank }) => nextRank < 0 && newRank < 0).length).toBeGreaterThan(1);
    expect(candidates.every(({ inclusionProbability }) => inclusionProbability === 1)).toBe(true);
  });
});

/** A model of this ranker alone, at all times. */
const modelsOf = (ranker: Ranker): Models => ({ at: () => ({ version: ranker.version, ranker, retrieval: NO_RETRIEVAL, segments: null }) });

describe('a ranker', () => {
  it('gets one row for each candidate, and decides the order alone', () => {
    const seen: number[] = [];
    const age = itemFeatures.column('own_age');
    const oldestFirst: Ranker = {
      ...formulaRanker,
      version: 'oldest-first',
      score: ({ rows, columns, values }) => {
        seen.push(rows, columns);
        const scores = Float32Array.from({ length: rows }, (_, row) => values[row * columns + age]!);
        return { next: scores, new: scores };
      },
    };
    const { moment, lookups } = argumentsOf({ ...EMPTY, uses: [use('a', 3), use('b', 9), use('c', 1)] });
    const { recommendation } = decide(moment, lookups, { ...OPTIONS, models: modelsOf(oldestFirst) });
    expect(namesOf(recommendation.personal.courses[0]!.next)).toEqual(['b', 'a', 'c']);
    expect([recommendation.modelVersion, seen]).toEqual(['oldest-first', [3, itemFeatures.declarations.length]]);
  });

  it('has at least 30 trending items to choose from, and the 10 newest, however low the formula has them', () => {
    const items = manyItems(200);
    const places = items.slice(100).map((item, n) => place(item, { addedAtMs: AT - (n + 1) * 3_600_000 }));
    const world = { trends: items.slice(0, 100).map((item, n) => trend(item, 10_000 - n * 50)), places, uses: [use('z', 1)] };
    const { moment, lookups } = argumentsOf({ ...EMPTY, ...world });
    const rows: number[] = [];
    const counting: Ranker = {
      ...formulaRanker,
      score: (matrix) => {
        rows.push(matrix.rows);
        return formulaRanker.score(matrix);
      },
    };
    decide(moment, lookups, { ...OPTIONS, models: modelsOf(counting) });
    expect(rows[0]).toBeGreaterThanOrEqual(1 + 30 + 10);
    expect(rows[0]).toBeLessThan(100);
  });
});
