import type { Oversight } from '../../schemas/index.js';
import type { Experiments } from './experiments.js';
import type { Ranker } from './ranker.js';
import type { Retrieval } from './retrieval.js';
import type { Segments } from './segments.js';

/** What decisions are made with. */
export interface Model {
  /** As records tell it: that of the ranker where there is nothing else. */
  readonly version: string;
  readonly ranker: Ranker;
  readonly retrieval: Retrieval;
  /** `null` where none were learnt: profiles alone decide. */
  readonly segments: Segments | null;
  /** Experiments in force at the instant that was asked for; absent where there are none. */
  readonly experiments?: Experiments;
  /** The version that these experiments name by its number in the registry, `undefined` where they name none such; absent where they name none at all. */
  readonly named?: (number: string) => Model | undefined;
  /** What people decided that holds at that instant; absent for nothing. A model that was killed is none of these. */
  readonly oversight?: Oversight;
}

/** The models of a run. */
export interface Models {
  /**
   * The one that decides at an instant of event time, in ms: none that was trained on events from then on. Of a folder of bundles it is the newest of the
   * others; where a registry is followed, the one that the task had turned to. A replay so decides with the model that stood then, and no decision with one
   * that has seen its future.
   */
  at(timeMs: number): Model;
}
