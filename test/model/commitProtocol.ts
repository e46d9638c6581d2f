/** The commit protocol of one task as a model to explore, with what must hold of it. */
import { decidedRecords } from './broker.js';
import { environmentSteps } from './environment.js';
import type { Model } from './explore.js';
import { initialState, type Batch, type Redis, type State, type Worker } from './protocolState.js';
import { rowsAfter, sameRows } from './records.js';
import { KeyWriter } from './stateKey.js';
import type { Setting } from './variants.js';
import { WorkerSteps, nameOf } from './worker.js';

export function commitProtocol(setting: Setting): Model<State> {
  const workers = [...Array(setting.workers).keys()].map((index) => new WorkerSteps(index, setting));
  const keys = new KeyWriter(!setting.bugs.has('countedIds'));
  return {
    initial: initialState(setting.workers, setting.failovers),
    stepsFrom: (state) => [...workers.flatMap((worker) => worker.stepsFrom(state)), ...environmentSteps(state, workers, setting)],
    keyOf: (state) => keys.keyOf(state),
    violationOf: (state) => violationOf(state, setting),
    isDone: (state) => isDone(state, setting),
    describe,
  };
}

function violationOf(state: State, { records }: Setting): string | null {
  const { redis, wrong } = state;
  if (wrong !== null) return wrong;
  const { offset } = redis.progress;
  if (offset > decidedRecords(state)) return `the state has taken ${offset} records, and outputs are committed of ${decidedRecords(state)}`;
  if (offset === records && !sameRows(redis.rows, rowsAfter(records))) return 'the state is not the fold of the input';
  return null;
}

/** Everything is read, applied and told; nobody has anything in hand. */
function isDone({ redis, workers, owner, transactions, consumed }: State, { records }: Setting): boolean {
  const { member, phase, batch } = workers[owner]!;
  const atRest = member === 'current' && phase === 'ready' && batch === null;
  const quiet = workers.every((worker, index) => index === owner || worker.phase === 'idle') && transactions.every((one) => one === null);
  return atRest && quiet && redis.progress.offset === records && consumed.nextRecord === records;
}

const batchText = ({ id, from, after, right }: Batch): string => `#${id}[${from},${after.offset})${right ? '' : '!'}`;

function redisText({ token, applied, progress, rows, staged }: Redis): string {
  const chunks = staged === null ? '' : ` staged ${batchText(staged.batch)} ${staged.halfApplied ? 'half applied' : `${staged.chunks}/2`}`;
  return `token ${token} applied #${applied} at ${progress.offset} rows ${rows.join(',')}${chunks}`;
}

function workerText({ member, phase, token, expected, batch, next }: Worker, index: number): string {
  const held = [batch, next].flatMap((one) => (one === null ? [] : batchText(one)));
  return [`${nameOf(index)} ${member === 'none' ? 'outside' : member}`, phase, `token ${token} saw #${expected}`, ...held].join(' ');
}

function describe({ redis, replica, committed, workers, transactions, consumed }: State): string[] {
  const open = transactions.flatMap((one, index) => (one === null ? [] : `${nameOf(index)}: ${batchText(one.batch)} ${one.phase}`));
  return [
    `Redis: ${redisText(redis)}`,
    ...(replica === null ? [] : [`replica: ${redisText(replica)}`]),
    `Kafka: #${committed.id} at ${committed.offset}${open.length === 0 ? '' : ` (${open.join(', ')})`}`,
    `consumed ${consumed.nextRecord}`,
    ...workers.map(workerText),
  ];
}
