/** What happens around the workers: the group moves the task, transactions end, processes die, Redis loses its last writes. */
import { abort, complete, prepare } from './broker.js';
import type { Step } from './explore.js';
import { IDLE, type State } from './protocolState.js';
import { runScript } from './redisScripts.js';
import type { Setting } from './variants.js';
import { claimOrder, nameOf, type WorkerSteps } from './worker.js';

type Steps = Step<State>[];

export function environmentSteps(state: State, workers: readonly WorkerSteps[], setting: Setting): Steps {
  const steps = redisSteps(state, setting);
  for (const [index, worker] of workers.entries()) {
    steps.push(...membershipSteps(state, index, worker, setting), ...transactionSteps(state, index, worker, setting));
  }
  return steps;
}

function membershipSteps(state: State, index: number, worker: WorkerSteps, setting: Setting): Steps {
  const { member, phase } = state.workers[index]!;
  const [first] = claimOrder(setting);
  const steps: Steps = [worker.move('gets the task in a new generation', moved(state, index), {}, true)];
  if (member === 'former') steps.push(worker.move('learns that it has lost the task', state, IDLE));
  if (member === 'none' && state.owner === index)
    steps.push(worker.move('is assigned the task', state, { ...IDLE, member: 'current', phase: first! }));
  if (member !== 'none') steps.push(worker.move('crashes', state, IDLE, true));
  if (phase !== 'idle' && phase !== first) steps.push({ ...worker.claimAgain('gets an error, drops all and claims again', state), fault: true });
  return steps;
}

/** A new generation of the group: whoever had the task may still believe so. */
const moved = (state: State, owner: number): State => ({
  ...state,
  owner,
  workers: state.workers.map((worker) => (worker.member === 'current' ? { ...worker, member: 'former' } : worker)),
});

function transactionSteps(state: State, index: number, worker: WorkerSteps, setting: Setting): Steps {
  const transaction = state.transactions[index] ?? null;
  if (transaction === null) return [];
  const of = `the transaction of ${nameOf(index)}`;
  if (transaction.phase === 'prepared') return [{ label: `${of} is complete`, state: complete(state, index), fault: false }];
  const steps: Steps = [{ label: `${of} is aborted`, state: worker.told(abort(state, index, setting), false), fault: false }];
  if (transaction.phase === 'ended')
    steps.push({ label: `${of} is decided for`, state: worker.told(prepare(state, index, setting), true), fault: false });
  return steps;
}

function redisSteps(state: State, setting: Setting): Steps {
  const { redis, replica, late, failoversLeft } = state;
  const steps: Steps = [];
  if (late !== null)
    steps.push({
      label: `a late ${late.script} arrives`,
      state: { ...state, late: null, redis: runScript(redis, late, setting).redis },
      fault: true,
    });
  if (replica === null) return steps;
  steps.push({ label: 'the replica catches up', state: { ...state, replica: redis }, fault: true });
  const left = failoversLeft - 1;
  const back: State = { ...state, redis: replica, replica: left > 0 ? replica : null, failoversLeft: left, rolledBack: true };
  steps.push({ label: 'Redis fails over to the replica', state: back, fault: true });
  return steps;
}
