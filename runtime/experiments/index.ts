/** Experiments by GrowthBook: payloads, their evaluation, and how runs follow them. The reasons: `docs/adr/0024-experiments.md`. */
export { experimentsOf } from './experiments.js';
export type { ExperimentEvent, ExperimentObserver } from './events.js';
export { FEATURE_NAMES, type FeatureName } from './features.js';
export { ExperimentFollower, followExperiments, type FollowExperimentsOptions } from './followExperiments.js';
export { evaluatorOf, type Evaluate, type EvaluatedUser, type Evaluation } from './growthBook.js';
export { MOST_PAYLOAD_LENGTH, payloadProblems, readPayload, type ExperimentPayload } from './payload.js';
export { problem, type JsonPath, type Problem } from './problem.js';
export { experimentSource, type ExperimentSource } from './source.js';
