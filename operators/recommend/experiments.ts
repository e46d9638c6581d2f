import type { ExperimentExposure, LearnerId } from '../../schemas/index.js';
import { versionIn, type Attributes, type Treatment } from '../ports/experiments.js';
import type { Model, Models } from '../ports/models.js';
import { schema, type Infer } from '../schema.js';
import { CANDIDATE_SOURCES, sourceBit } from './candidateSources.js';
import { decisionIdOf, type Decision, type DecisionOptions, type Moment } from './decide.js';
import { formulaRanker } from './formulaRanker.js';
import { usesIn, type LearnerState } from './learnerState.js';
import { DEFAULT_POLICY } from './policy/policy.js';

/** Shape of {@link AssignedState}: maps, so that another name of a policy or a source is no other schema. */
export const assignedState = schema.record({
  sticky: schema.map(schema.string),
  assignments: schema.array(schema.record({ experiment: schema.string, variation: schema.string })),
  treatment: schema.record({ ranker: schema.string, policy: schema.map(schema.double), quotas: schema.map(schema.long) }),
});

/** What experiments made of a learner at the last decision, and what they remember of the ones before. */
export type AssignedState = Infer<typeof assignedState>;

/** Nobody was assigned anything. */
export const NOT_ASSIGNED: AssignedState = { sticky: {}, assignments: [], treatment: { ranker: 'model', policy: {}, quotas: {} } };

/** Whether a decision ranks anything for a learner: lists that many share are the same under every variation. */
export const isRanked = (state: LearnerState): boolean =>
  state.context?.consentProfiling === true && state.context.courses.some(({ course }) => usesIn(state, course).length > 0);

/** What experiments may ask of a learner: who and where they are and what they take. Nothing of what they did, and no group that they are in. */
export function attributesOf(learner: LearnerId, { context }: LearnerState, region: string): Attributes {
  const courses = context?.courses ?? [];
  return { id: learner, region, courses: courses.map(({ course }) => course), cohorts: courses.map(({ cohort }) => cohort) };
}

/**
 * Assigns a learner to the experiments in force at a decision. Whoever nothing is ranked for is in none of them. What was assigned before is
 * remembered as long as the learner agrees to profiling.
 */
export function assignedAt(before: AssignedState, { learner, state, atMs }: Moment, models: Models, region: string): AssignedState {
  if (state.context?.consentProfiling !== true) return NOT_ASSIGNED;
  const unassigned = { ...NOT_ASSIGNED, sticky: before.sticky };
  if (!isRanked(state)) return unassigned;
  const { experiments } = models.at(atMs);
  if (experiments === undefined) return unassigned;
  const { sticky, assignments, treatment } = experiments.assign(attributesOf(learner, state, region), before.sticky);
  return { sticky, assignments, treatment };
}

/** What holds for a decision of a learner who was assigned something. */
export function treated(options: DecisionOptions, { assignments, treatment }: AssignedState): DecisionOptions {
  const { ranker, policy, quotas } = treatment as Treatment;
  const off = CANDIDATE_SOURCES.filter((source) => quotas[source] === 0);
  return {
    ...options,
    models: modelsUnder(ranker, options.models),
    policy: { ...(options.policy ?? DEFAULT_POLICY), ...policy },
    without: off.reduce((set, source) => set | sourceBit(source), options.without ?? 0),
    quotas,
    assignments,
  };
}

function modelsUnder(ranker: Treatment['ranker'], models: Models): Models {
  if (ranker === 'model') return models;
  if (ranker === 'formula') return { at: (timeMs) => rankedByFormula(models.at(timeMs)) };
  const number = versionIn(ranker)!;
  return {
    at: (timeMs) => {
      const model = models.at(timeMs);
      // Experiments name only what could be opened; where a run knows no versions at all, what decides outside experiments stays.
      return model.named?.(number) ?? model;
    },
  };
}

/** The same retrieval, with the formula as ranker. Records name both. */
function rankedByFormula(model: Model): Model {
  const version = model.ranker === formulaRanker ? model.version : `${formulaRanker.version}+${model.version}`;
  return { ...model, version, ranker: formulaRanker };
}

/** That a decision was made under variations: one record for each. */
export function exposuresOf({ recommendation }: Decision, { assignments }: AssignedState): ExperimentExposure[] {
  const { learner, region, madeAtMs, modelVersion, topologyVersion } = recommendation;
  const decisionId = decisionIdOf(learner, madeAtMs, topologyVersion);
  return assignments.map(({ experiment, variation }) => ({
    learner,
    region,
    experiment,
    variation,
    exposedAtMs: madeAtMs,
    decisionId,
    modelVersion,
    topologyVersion,
  }));
}
