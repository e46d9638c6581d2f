import type { Experiments } from '../../operators/ports/experiments.js';
import type { Model, Models } from '../../operators/ports/models.js';
import type { Oversight } from '../../schemas/index.js';

/** A model that a registry keeps, and that tasks decide with. */
export interface ModelRef {
  /** Number of its version in the registry: where it is fetched from. */
  readonly number: string;
  /** SHA-256 of the manifest of its bundle, in hexadecimal digits: what it is. */
  readonly digest: string;
}

/** The model that tasks turn to. */
export interface CurrentModel {
  readonly ref: ModelRef;
  /** It has seen events before this instant: it decides about none of them, ms. */
  readonly trainedUntilMs: number;
  /** Number of the last look that found it current; 0 where it is only remembered. */
  readonly look: number;
}

/** A version that was looked up by its number. */
export interface FoundModel {
  readonly ref: ModelRef;
  /** As records tell it, such as `ranker@3fa2b1c4d5e6`. */
  readonly version: string;
  /** It has seen events before this instant: it decides about none of them, ms. */
  readonly trainedUntilMs: number;
}

/**
 * Models that change while topologies run. A task turns from one to the next between two of its steps, keeps with its progress which one it
 * decides with from which event time on, and logs it; see `taskModels.ts`.
 */
export interface FollowedModels {
  /** Open and warm; `null` as long as there is none. */
  readonly current: CurrentModel | null;
  /** Number of the last look at what is current that has begun. */
  readonly looks: number;
  /** What decides where there is no model, and about events that a model has seen. */
  readonly fallback: Models;
  /** `undefined` where it is not open. */
  opened(ref: ModelRef): Model | undefined;
  /** Has a model opened, which stays so while it is in use. @throws SFS_MODEL_MISSING, SFS_MODEL_DAMAGED, SFS_MODEL_REGISTRY and the like */
  open(ref: ModelRef): Promise<void>;
  /**
   * Looks a version up by its number, and has it opened as {@link open} does; absent where models have no numbers.
   * @throws SFS_MODEL_MISSING where there is none of this number, and what {@link open} throws
   */
  readonly find?: (number: string) => Promise<FoundModel>;
  /** Who uses models tells which ones by their digests, each time that it is asked. Returns what ends that. */
  use(digests: () => Iterable<string>): () => void;
  /** Told when a task turned to a model; it becomes durable with the task's next commit. */
  adopted(task: string, adoption: Adoption): void;
  /** Experiments that decisions are made under, where some are followed. */
  readonly experiments?: FollowedExperiments;
  /** What people decided about the recommender, where that is followed. */
  readonly oversight?: FollowedOversight;
  /** Nothing but what people decide can change: as long as that is nothing, tasks have no adoption to log. Absent where there is more that can. */
  readonly isStill?: boolean;
  /** Where something looks at what decides: gives what a task's topology gets in the place of its models. */
  readonly watch?: (models: Models) => Models;
}

/** Experiments that change while topologies run: tasks turn to them as they turn to models, and log the whole payload. */
export interface FollowedExperiments {
  /** `null` as long as there are none. */
  readonly current: CurrentExperiments | null;
  /** Number of the last look at them that has begun. */
  readonly looks: number;
  /** What a payload says. @throws SFS_EXPERIMENTS_INVALID */
  read(payload: string): Experiments;
}

/** The experiments that tasks turn to. */
export interface CurrentExperiments {
  /** All that is needed to assign, as text: equal ones are the same experiments. */
  readonly payload: string;
  /** They decide about nothing before this instant, ms. */
  readonly sinceMs: number;
  /** Number of the last look that found them. */
  readonly look: number;
}

/** What people decide while topologies run: tasks turn to it as they turn to models, and log it. */
export interface FollowedOversight {
  /** `null` before the log was read for the first time. */
  readonly current: CurrentOversight | null;
  /** Number of the last look at it that has begun. */
  readonly looks: number;
  /** What a text says. */
  read(text: string): Oversight;
}

/** What people decided that holds now. */
export interface CurrentOversight {
  /** As text: equal ones are the same decisions; empty for none. */
  readonly text: string;
  /** Number of the last look that found it. */
  readonly look: number;
}

/** From an event time on, a task decides with another model, or under other experiments. */
export interface Adoption {
  /** `null`: with what decides where there is no model. */
  readonly model: ModelRef | null;
  /** Payload of the experiments; absent for none. */
  readonly experiments?: string;
  /** What people decided, as text; absent for nothing. */
  readonly oversight?: string;
  /** -Infinity: about everything. */
  readonly fromMs: number;
}

/** What topologies decide with: once and for all, or as it changes. */
export type RunModels = Models | FollowedModels;

/** Whether models change while topologies run. */
export const isFollowed = (models: RunModels): models is FollowedModels => 'opened' in models;

/** The same models, which something looks at beside the tasks. @param watch - gives what a task's topology gets in the place of its models */
export function watchedModels(followed: FollowedModels, watch: (models: Models) => Models): FollowedModels {
  return {
    get current() {
      return followed.current;
    },
    get looks() {
      return followed.looks;
    },
    fallback: followed.fallback,
    opened: (ref) => followed.opened(ref),
    open: (ref) => followed.open(ref),
    ...(followed.find === undefined ? {} : { find: (number: string) => followed.find!(number) }),
    use: (digests) => followed.use(digests),
    adopted: (task, adoption) => followed.adopted(task, adoption),
    ...(followed.experiments === undefined ? {} : { experiments: followed.experiments }),
    ...(followed.oversight === undefined ? {} : { oversight: followed.oversight }),
    ...(followed.isStill === undefined ? {} : { isStill: followed.isStill }),
    watch,
  };
}
