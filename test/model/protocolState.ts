import { EMPTY_ROWS, type Rows } from './records.js';

/** Random in reality: compared for equality only. 0 is none. */
export type Id = number;

/** Where a task stands: the next record, and the number of its last output. */
export interface Progress {
  readonly offset: number;
  readonly sent: number;
}

/** What a worker computed of the records from `from` to before `to`. */
export interface Batch {
  readonly id: Id;
  readonly from: number;
  readonly sentBefore: number;
  readonly after: Progress;
  readonly rows: Rows;
  /** Every output is what an undisturbed run sends. */
  readonly right: boolean;
}

export interface Staged {
  readonly batch: Batch;
  /** Chunks that have come: it is complete with two. */
  readonly chunks: 1 | 2;
  /** The first chunk of the batch is in the rows. */
  readonly halfApplied: boolean;
}

export interface Redis {
  readonly token: Id;
  readonly applied: Id;
  readonly progress: Progress;
  readonly rows: Rows;
  readonly staged: Staged | null;
}

/** A script that is called, with its arguments. */
export type Call =
  | { readonly script: 'claim'; readonly token: Id }
  | { readonly script: 'recover'; readonly token: Id; readonly committed: Id }
  | { readonly script: 'stage'; readonly token: Id; readonly expected: Id; readonly batch: Batch; readonly chunk: 1 | 2 }
  | { readonly script: 'apply'; readonly token: Id; readonly expected: Id; readonly batch: Batch; readonly chunk: 1 | 2 };

/** Offset of the task's source with its metadata, as the group coordinator keeps it. */
export interface Committed {
  readonly id: Id;
  readonly offset: number;
}

/**
 * `open`: outputs are produced. `ended`: it holds the offsets, and its producer has asked for the commit; whether the coordinator gets that request
 * before the time-out, nobody knows. `prepared`: the coordinator has decided for it, and not yet told the partition of the offsets.
 */
export interface Transaction {
  readonly batch: Batch;
  readonly phase: 'open' | 'ended' | 'prepared';
}

/** Outputs of one batch in the output topic, in the order of production. */
export interface Entry {
  readonly batch: Batch;
  /** Whose transaction they belong to, `null` once it is committed. */
  readonly pendingOf: number | null;
}

/** What a read-committed consumer has taken that drops numbers it has seen. */
export interface Consumed {
  readonly lastSent: number;
  readonly nextRecord: number;
}

export type Phase =
  'idle' | 'claim' | 'read' | 'verify' | 'recover' | 'ready' | 'stage1' | 'stage2' | 'produce' | 'sendOffsets' | 'await' | 'apply1' | 'apply2';

export interface Worker {
  /** Its place in the consumer group; a former member does not know yet that it is one. */
  readonly member: 'none' | 'current' | 'former';
  readonly phase: Phase;
  readonly token: Id;
  /** What it read of the committed offset while it claims. */
  readonly read: Committed;
  /** The applied batch that its claim last saw. */
  readonly expected: Id;
  /** Where it goes on. */
  readonly progress: Progress;
  /** The batch in work: not committed, or committed and not applied. */
  readonly batch: Batch | null;
  /** Computed on top of `batch`, which is committed and not applied. */
  readonly next: Batch | null;
  /** Outputs of `batch` that were produced; of the idempotent mode. */
  readonly produced: number;
}

export interface State {
  readonly redis: Redis;
  /** What a failover comes back with: Redis as it was at some time, or empty. `null` when none will come. */
  readonly replica: Redis | null;
  readonly failoversLeft: number;
  /** Redis has lost something that it had acknowledged. */
  readonly rolledBack: boolean;
  /** A call that nobody waits for any more, and that Redis may still get. */
  readonly late: Call | null;
  readonly committed: Committed;
  /** Whom the group's current generation assigns the task. */
  readonly owner: number;
  readonly workers: readonly Worker[];
  /** By worker: each has one producer. */
  readonly transactions: readonly (Transaction | null)[];
  readonly log: readonly Entry[];
  readonly consumed: Consumed;
  /** What the last step did that must not be. */
  readonly wrong: string | null;
}

export const START: Progress = { offset: 0, sent: 0 };
export const NOTHING_COMMITTED: Committed = { id: 0, offset: 0 };
export const EMPTY_REDIS: Redis = { token: 0, applied: 0, progress: START, rows: EMPTY_ROWS, staged: null };
export const IDLE: Worker = {
  member: 'none',
  phase: 'idle',
  token: 0,
  read: NOTHING_COMMITTED,
  expected: 0,
  progress: START,
  batch: null,
  next: null,
  produced: 0,
};

export const initialState = (workers: number, failovers: number): State => ({
  redis: EMPTY_REDIS,
  replica: failovers > 0 ? EMPTY_REDIS : null,
  failoversLeft: failovers,
  rolledBack: false,
  late: null,
  committed: NOTHING_COMMITTED,
  owner: 0,
  workers: Array<Worker>(workers).fill(IDLE),
  transactions: Array<null>(workers).fill(null),
  log: [],
  consumed: { lastSent: 0, nextRecord: 0 },
  wrong: null,
});

export function withWorker(state: State, index: number, change: Partial<Worker>): State {
  const workers = state.workers.slice();
  workers[index] = { ...workers[index]!, ...change };
  return { ...state, workers };
}

export function withTransaction(state: State, index: number, transaction: Transaction | null): State {
  const transactions = state.transactions.slice();
  transactions[index] = transaction;
  return { ...state, transactions };
}
