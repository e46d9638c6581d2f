import type { CandidateSource } from '../../schemas/index.js';
import type { Policy } from '../recommend/policy/policy.js';

/** What a payload may ask of a learner, by name. `id` is the learner. */
export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[]>> & { readonly id: string };

/** What an experiment changes of a decision; what it does not name stays as it is. */
export interface Treatment {
  /**
   * `model`: the ranker of the model that decides. `formula`: the formula in its place, with the model's retrieval. `version:7`: that version of the
   * registry decides, with its ranker on its own retrieval.
   */
  readonly ranker: 'model' | 'formula' | VersionChoice;
  readonly policy: PolicyChange;
  /** Most candidates of a source, in items; 0 switches the source off. */
  readonly quotas: Quotas;
}

/** Names a version of the model by its number in the registry, such as `version:7`. */
export type VersionChoice = `version:${string}`;

const VERSION = 'version:';

/** The number that a choice of a ranker names; `null` where it names no version. */
export const versionIn = (ranker: string): string | null => (ranker.startsWith(VERSION) ? ranker.slice(VERSION.length) : null);

/** The numbers of a policy that an experiment may change, in their units. */
export type PolicyChange = Partial<Pick<Policy, 'evenAfter' | 'diversity' | 'newItemBoost' | 'explorationShare'>>;

/** Most candidates by source, in items. */
export type Quotas = Partial<Readonly<Record<CandidateSource, number>>>;

/** Under which variation of an experiment somebody is. */
export interface Assignment {
  /** Key of the experiment. */
  readonly experiment: string;
  /** Key of the variation. */
  readonly variation: string;
}

/** What a learner was assigned before: variation by experiment and bucket version, as GrowthBook names them, such as `ranker__0`. */
export type StickyAssignments = Readonly<Record<string, string>>;

/** What comes of an evaluation. */
export interface Assigned {
  readonly treatment: Treatment;
  /** Of the experiments that the learner is in, in the order of the features. */
  readonly assignments: readonly Assignment[];
  /** What is to be remembered: what was, and what is new. The same object where nothing is. */
  readonly sticky: StickyAssignments;
}

/** The experiments in force. */
export interface Experiments {
  /** Identity of the payload that tells them: equal ones assign equally. */
  readonly version: string;
  /** Digests of the versions of the model that variations name, by their numbers in the registry; absent where none is named. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Pure: the same attributes and memory give the same assignment, in any order of calls. */
  assign(attributes: Attributes, sticky: StickyAssignments): Assigned;
}

/** Nothing is changed. */
export const NO_TREATMENT: Treatment = { ranker: 'model', policy: {}, quotas: {} };
