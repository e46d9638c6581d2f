import { describe, expect, it } from 'vitest';
import { CandidateRows } from '../../../operators/recommend/candidateRows.js';
import { CANDIDATE_SOURCES, USUAL_QUOTAS, sourceBit } from '../../../operators/recommend/candidateSources.js';
import { gather } from '../../../operators/recommend/candidates.js';
import {
  DEFAULT_POLICY,
  NOT_ASSIGNED,
  NO_RETRIEVAL,
  assignedAt,
  attributesOf,
  formulaModels,
  treated,
  variantOf,
  type AssignedState,
  type Experiments,
  type Models,
  type Quotas,
} from '../../../operators/recommend/index.js';
import { itemId, learnerId, type CandidateSource } from '../../../schemas/index.js';
import { AT, OPTIONS, COURSE, place, trend, use, viewOf } from './worlds.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `item-${String(n).padStart(3, '0')}`);

/** How many candidates a source has, with so many asked for. */
function proposedUnder(quotas: Quotas | undefined, source: CandidateSource): number {
  const rows = new CandidateRows();
  const items = names(150);
  const retrieval = {
    ...NO_RETRIEVAL,
    covisits: { with: () => items.map((item, at) => ({ item: itemId(item), weight: 1 / (at + 1) })) },
  };
  const view = viewOf({ trends: [trend('used', 5)], places: items.map((item) => place(item)), uses: [use('used', 1)] }, { retrieval });
  gather({ ...view, ...(quotas === undefined ? {} : { quotas }) }, rows);
  return rows.sourceSets.slice(0, rows.rows).filter((set) => (set & sourceBit(source)) !== 0).length;
}

describe('quotas', () => {
  it('are how many candidates a source is asked for', () => {
    expect(proposedUnder(undefined, 'COVISITED')).toBe(USUAL_QUOTAS.COVISITED);
    expect(proposedUnder({ COVISITED: 45 }, 'COVISITED')).toBe(45);
    expect(proposedUnder({ COVISITED: 3, ALS: 99 }, 'COVISITED')).toBe(3);
  });
});

const models = (experiments?: Experiments): Models => ({
  at: () => ({
    ...formulaModels.at(0),
    version: 'trained',
    ranker: { ...formulaModels.at(0).ranker },
    ...(experiments === undefined ? {} : { experiments }),
  }),
});
const assigned = (treatment: Partial<AssignedState['treatment']>): AssignedState => ({
  sticky: {},
  assignments: [
    { experiment: 'lists', variation: '1' },
    { experiment: 'ranker', variation: 'b' },
  ],
  treatment: { ...NOT_ASSIGNED.treatment, ...treatment },
});

describe('a treatment', () => {
  it('changes what it names, and nothing else', () => {
    const options = { ...OPTIONS, models: models(), without: sourceBit('ALS') };
    const found = treated({ ...options, policy: DEFAULT_POLICY }, assigned({ policy: { diversity: 0.7 }, quotas: { NEW: 0, COVISITED: 5 } }));
    expect(found.policy).toEqual({ ...DEFAULT_POLICY, diversity: 0.7 });
    expect(CANDIDATE_SOURCES.filter((source) => (found.without! & sourceBit(source)) !== 0)).toEqual(['ALS', 'NEW']);
    expect([found.quotas, found.models]).toEqual([{ NEW: 0, COVISITED: 5 }, options.models]);
    expect(variantOf(found.assignments!)).toBe('lists:1,ranker:b');
    const { models: before, ...rest } = options;
    expect(treated(options, NOT_ASSIGNED)).toMatchObject(rest);
    expect(treated(options, NOT_ASSIGNED).models).toBe(before);
  });

  it('ranks by the formula, with the retrieval of the model, and names both', () => {
    const { models: ranking } = treated({ ...OPTIONS, models: models() }, assigned({ ranker: 'formula' }));
    const [before, after] = [models().at(AT), ranking.at(AT)];
    expect([after.version, after.ranker, after.retrieval]).toEqual(['formula-2+trained', formulaModels.at(0).ranker, before.retrieval]);
    expect(treated(OPTIONS, assigned({ ranker: 'formula' })).models.at(AT).version).toBe('formula-2');
  });
});

describe('an assignment', () => {
  const experiments: Experiments = {
    version: 'v',
    assign: ({ id }, sticky) => ({
      treatment: NOT_ASSIGNED.treatment as never,
      assignments: [{ experiment: 'e', variation: id }],
      sticky: { ...sticky, e: id },
    }),
  };
  const context = {
    courses: [{ course: COURSE, cohort: COURSE as never, enrolledAtMs: 0, deadlines: [] }],
    segment: 's',
    hoursPerWeek: 2,
    consentProfiling: true,
  };
  const state = { context, histories: [{ course: COURSE, uses: [use('used', 1)] }], skills: [], engagement: null };
  const moment = { learner: learnerId('ada'), state, atMs: AT };

  it('is asked for who has something to rank, by what they take and nothing that they did', () => {
    expect(assignedAt(NOT_ASSIGNED, moment, models(experiments), 'eu')).toMatchObject({
      assignments: [{ experiment: 'e', variation: 'ada' }],
      sticky: { e: 'ada' },
    });
    expect(attributesOf(learnerId('ada'), state, 'eu')).toEqual({ id: 'ada', region: 'eu', courses: [COURSE], cohorts: [COURSE] });
  });

  it('is remembered while there is nothing to rank or no experiment, and forgotten without consent', () => {
    const before = assigned({});
    const remembered = { ...NOT_ASSIGNED, sticky: { e: 'ada' } };
    const asked = (one: typeof state, under: Models) => assignedAt({ ...before, sticky: { e: 'ada' } }, { ...moment, state: one }, under, 'eu');
    expect(asked({ ...state, histories: [] }, models(experiments))).toEqual(remembered);
    expect(asked(state, models())).toEqual(remembered);
    expect(asked({ ...state, context: { ...context, consentProfiling: false } }, models(experiments))).toEqual(NOT_ASSIGNED);
  });
});
