import type { TopologyBuilder } from '../../operators/builder.js';
import type { TaskAccess } from '../ports.js';
import type { Decider } from './decisions.js';
import type { Outputs } from './outputs.js';
import type { PartitionInput } from './partitionInput.js';
import type { TaskProgress } from './progress.js';
import type { ReplayedDecisions } from './replayedDecisions.js';
import type { TaskModels } from './taskModels.js';
import type { TaskState } from './taskState.js';
import type { TimeQueue } from './timeQueue.js';

/** What a task is made of. */
export interface TaskParts extends Decider {
  readonly builder: TopologyBuilder;
  readonly stageIds: ReadonlySet<string>;
  readonly inputs: readonly PartitionInput[];
  readonly progress: TaskProgress;
  /** Records that were taken before it was opened. */
  readonly recordsBefore: number;
  readonly state: TaskState;
  readonly timers: TimeQueue;
  readonly outputs: Outputs;
  /** Where models change while the task runs. */
  readonly models: TaskModels | null;
  /** What an earlier life of the task decided, and this one has still to apply. */
  readonly replayed: ReplayedDecisions;
  readonly access: TaskAccess;
  readonly limits: StepLimits;
  /** Encodes the rows of every input at once: finds the input whose row made a commit fail. */
  readonly careful: boolean;
}

/** How much a task does between two commits. */
export interface StepLimits {
  /** Most inputs and timers between two commits. */
  readonly maxRecords: number;
  /** Output bytes after which a step commits. */
  readonly maxOutputBytes: number;
  /** Rows that stay in memory between commits. */
  readonly mostCachedRows: number;
  /** Event time between two watermark markers in derived topics, ms. */
  readonly markerMs: number;
}
