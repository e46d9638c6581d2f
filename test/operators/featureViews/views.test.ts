import { describe, expect, it } from 'vitest';
import { batchViews, featureServices, featureView, streamViews, type FeatureView } from '../../../operators/featureViews/index.js';
import { itemFeatures } from '../../../operators/recommend/index.js';
import {
  cohortId,
  courseId,
  itemId,
  learnerId,
  type CohortTrend,
  type CohortItemTrend,
  type LearnerFeatures,
  type Opened,
} from '../../../schemas/index.js';

const DAY_MS = 86_400_000;
const rowsOf = (name: string, value: unknown) => [...streamViews.find((view) => view.name === name)!.rowsOf(value)];
const featuresOf = (name: string, values: readonly unknown[]) => {
  const { features } = streamViews.find((view) => view.name === name)!;
  expect(values).toHaveLength(features.length);
  return Object.fromEntries(features.map((feature, n) => [feature.name, values[n]]));
};

const item = (name: string, events1d: number, events7d: number): CohortItemTrend => ({
  item: itemId(name),
  events1d,
  events3d: events1d,
  events7d,
  learnerDays1d: events1d,
  learnerDays3d: events1d,
  learnerDays7d: events7d,
  newLearners1d: 0,
  newLearners3d: 0,
  newLearners7d: 1,
  events14d: events7d,
  learnerDays14d: events7d,
  newLearners14d: 1,
  events28d: events7d,
  learnerDays28d: events7d,
  newLearners28d: 1,
  openers: 5,
  firstUsedAtMs: 7 * DAY_MS,
  spreadAtMs: null,
});

const trend: CohortTrend = {
  cohort: cohortId('c1'),
  course: courseId('AAA'),
  region: 'eu-west',
  asOfMs: 10 * DAY_MS,
  topologyVersion: 2,
  items: [item('one', 3, 9), item('two', 1, 3)],
  activeLearnerDays1d: 4,
  activeLearnerDays3d: 4,
  activeLearnerDays7d: 12,
  activeLearnerDays14d: 12,
  activeLearnerDays28d: 12,
  learners: 5,
  firstUsedAtMs: 6 * DAY_MS,
};

describe('the views of features', () => {
  it('have names of their own', () => {
    const names = [...streamViews, ...batchViews].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('say so where they are malformed', () => {
    const good: FeatureView = {
      name: 'good',
      description: '',
      entities: ['learner'],
      ttlMs: null,
      features: [{ name: 'one', type: 'INT64', description: '' }],
    };
    expect(featureView(good)).toBe(good);
    const malformed: Partial<FeatureView>[] = [
      { name: 'Not-Snake' },
      { entities: [] },
      { features: [] },
      { ttlMs: 0 },
      { features: [{ name: 'learner', type: 'STRING', description: '' }] },
    ];
    for (const change of malformed) {
      expect(() => featureView({ ...good, ...change })).toThrow(expect.objectContaining({ code: 'SFS_FEATURE_VIEW' }));
    }
  });

  it('share no name of a feature where they are asked for together', () => {
    for (const { views } of featureServices) {
      const names = views.flatMap(({ features }) => features.map(({ name }) => name));
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('have all that the ranker knows of a cohort, and what it knows of a learner over all courses', () => {
    const stored = new Set(featureServices.flatMap(({ views }) => views.flatMap(({ features }) => features.map(({ name }) => name))));
    const ranked = itemFeatures.declarations.map(({ name }) => name).filter((name) => stored.has(name));
    expect(ranked.filter((name) => name.startsWith('cohort_'))).toHaveLength(40);
    expect(ranked.filter((name) => !name.startsWith('cohort_'))).toEqual([
      'learner_events_1d',
      'learner_events_7d',
      'learner_events_28d',
      'hours_per_week',
      'item_difficulty',
      'item_mean_score_28d',
    ]);
  });
});

describe('the features of the daily batch', () => {
  const all = batchViews.flatMap(({ name: view, entities, features }) => features.map((feature) => ({ view, entities, ...feature })));

  it('say their unit, window, default and class of personal data, as their names and types do', () => {
    for (const { view, name, type, unit, window, fallback } of all) {
      const [, days] = /_(\d+d)$/.exec(name) ?? [];
      if (days !== undefined) expect(window, `${view}.${name}`).toBe(days);
      if (/_share_/.test(name) || /score/.test(name)) expect(unit, `${view}.${name}`).toBe('0..1');
      if (name.startsWith('days_since')) expect(unit, `${view}.${name}`).toBe('days');
      if (type === 'INT64') expect([0, null], `${view}.${name}`).toContain(fallback);
    }
  });

  it('are personal where they are of a learner, and of nobody elsewhere', () => {
    for (const { view, name, entities, personal } of all) {
      const expected = entities[0] !== 'learner' ? 'none' : name === 'hours_per_week' ? 'profile' : 'behavioural';
      expect(personal, `${view}.${name}`).toBe(expected);
    }
  });
});

describe('a trend of a cohort', () => {
  it('is a row for each item, with the numbers of the ranker', () => {
    const rows = rowsOf('cohort_item', trend);
    expect(rows.map(({ entity }) => entity)).toEqual([
      { cohort: 'c1', item: 'one' },
      { cohort: 'c1', item: 'two' },
    ]);
    expect(featuresOf('cohort_item', rows[1]!.values)).toMatchObject({
      cohort_events_1d: 1,
      cohort_events_7d: 3,
      cohort_event_share_7d: 0.25,
      cohort_event_rank_7d: 0.5,
      cohort_item_age: 3,
      cohort_spread_age: 999,
      cohort_penetration: 1,
    });
  });

  it('is a row of the cohort', () => {
    const [row, ...more] = rowsOf('cohort_activity', trend);
    expect(more).toEqual([]);
    expect(row!.entity).toEqual({ cohort: 'c1' });
    expect(featuresOf('cohort_activity', row!.values)).toMatchObject({
      cohort_age: 4,
      cohort_course: 'AAA',
      cohort_learners: 5,
      cohort_first_used_at: (6 * DAY_MS) / 1000,
      cohort_active_learner_days_7d: 12,
    });
  });
});

describe('the engagement of a learner', () => {
  it('is empty where a window saw nothing', () => {
    const window = { windowStartMs: 0, windowEndMs: DAY_MS, events: 3, clicks: 5, dwellMs: 60_000, completions: 1 };
    const features: Opened<LearnerFeatures> = {
      learner: learnerId('ada'),
      region: 'eu-west',
      asOfMs: DAY_MS,
      topologyVersion: 1,
      personal: { engagement1h: null, engagement1d: window, engagement7d: window, engagement28d: { ...window, events: 8 } },
    };
    const [row] = rowsOf('learner_engagement', features);
    expect(row!.entity).toEqual({ learner: 'ada' });
    expect(featuresOf('learner_engagement', row!.values)).toMatchObject({
      learner_events_1h: null,
      learner_completions_1h: null,
      learner_events_1d: 3,
      learner_clicks_7d: 5,
      learner_dwell_ms_7d: 60_000,
      learner_events_28d: 8,
    });
  });
});
