/** What a worker does next, by its phase. One that was paused, or that lost its place in the group, goes on where it was. */
import { abort, isCurrent, offsetsArePending, produce, produceOne } from './broker.js';
import type { Step } from './explore.js';
import type { Batch, Call, Id, Phase, Redis, State, Worker } from './protocolState.js';
import { IDLE, NOTHING_COMMITTED, withTransaction, withWorker } from './protocolState.js';
import { EMPTY_ROWS, fold, type Rows } from './records.js';
import { readRows, runScript } from './redisScripts.js';
import type { Setting } from './variants.js';

export const nameOf = (index: number): string => 'ABC'[index]!;

/** The least number that no token and no batch has: as good as a random one, since only equality counts. */
export function freshId(state: State): Id {
  const used = new Set<Id>(idsOf(state));
  let id = 1;
  while (used.has(id)) id++;
  return id;
}

function* idsOf({ redis, replica, late, committed, workers, transactions }: State): Iterable<Id> {
  yield* idsOfRedis(redis);
  if (replica !== null) yield* idsOfRedis(replica);
  if (late !== null) yield* idsOfCall(late);
  yield committed.id;
  for (const one of workers) yield* [one.token, one.read.id, one.expected, idOf(one.batch), idOf(one.next)];
  for (const one of transactions) yield idOf(one?.batch ?? null);
}

const idOf = (batch: Batch | null): Id => batch?.id ?? 0;
const idsOfRedis = ({ token, applied, staged }: Redis): Id[] => [token, applied, idOf(staged?.batch ?? null)];

function idsOfCall(call: Call): Id[] {
  if (call.script === 'claim') return [call.token];
  return call.script === 'recover' ? [call.token, call.committed] : [call.token, call.expected, call.batch.id];
}

type Steps = Step<State>[];

/** The phases of a claim, in order. */
export function claimOrder({ mode, bugs }: Setting): readonly Phase[] {
  if (mode === 'idempotent') return ['claim', 'recover', 'ready'];
  if (bugs.has('offsetsBeforeToken')) return ['read', 'verify', 'claim', 'recover', 'ready'];
  if (bugs.has('offsetsReadOnce')) return ['read', 'claim', 'verify', 'recover', 'ready'];
  if (bugs.has('claimUnverified')) return ['claim', 'read', 'recover', 'ready'];
  if (bugs.has('verifiedBeforeToken')) return ['verify', 'claim', 'read', 'recover', 'ready'];
  return ['claim', 'read', 'verify', 'recover', 'ready'];
}

/** One worker with its settings: the methods give what can follow from a state. */
export class WorkerSteps {
  constructor(
    private readonly index: number,
    private readonly setting: Setting,
  ) {}

  stepsFrom(state: State): Steps {
    const worker = state.workers[this.index]!;
    switch (worker.phase) {
      case 'idle':
      case 'await':
        return [];
      case 'claim':
        return this.claim(state, worker);
      case 'read':
        return this.read(state);
      case 'verify':
        return this.verify(state, worker);
      case 'ready':
        return this.compute(state, worker);
      case 'produce':
        return this.produce(state, worker);
      case 'sendOffsets':
        return this.sendOffsets(state, worker);
      case 'apply1':
        return [...this.callScript(state, worker, this.callOf(worker)), ...this.computeOnTop(state, worker)];
      default:
        return this.callScript(state, worker, this.callOf(worker));
    }
  }

  move(label: string, state: State, change: Partial<Worker>, fault = false): Step<State> {
    return { label: `${nameOf(this.index)} ${label}`, state: withWorker(state, this.index, change), fault };
  }

  /** Drops everything and starts over; whether it is still assigned, it does not know. */
  claimAgain(label: string, state: State): Step<State> {
    const { member, read } = state.workers[this.index]!;
    const kept = this.setting.bugs.has('offsetsReadOnce') ? { phase: 'claim' as const, read } : { phase: claimOrder(this.setting)[0]! };
    return this.move(label, state, { ...IDLE, member, ...kept });
  }

  private get transactional(): boolean {
    return this.setting.mode === 'transaction';
  }

  private nextInClaim(phase: Phase): Phase {
    const order = claimOrder(this.setting);
    return order[order.indexOf(phase) + 1]!;
  }

  /** A token is drawn for each attempt. */
  private claim(state: State, worker: Worker): Steps {
    const token = this.setting.bugs.has('resendsClaim') && worker.token !== 0 ? worker.token : freshId(state);
    return this.callScript(withWorker(state, this.index, { token }), { ...worker, token }, { script: 'claim', token });
  }

  private read(state: State): Steps {
    if (offsetsArePending(state) && !this.setting.bugs.has('unstableOffsets')) return [];
    return [this.move('reads the committed offset', state, { read: state.committed, phase: this.nextInClaim('read') })];
  }

  /** Commits once more what it read: the broker refuses that to a former member. */
  private verify(state: State, { read }: Worker): Steps {
    if (!isCurrent(state, this.index)) return [this.move('is refused by the group', state, { ...IDLE, member: 'former' })];
    const verified = this.setting.bugs.has('verifiedBeforeToken') ? state : { ...state, committed: read };
    return [this.move('commits the same offset again', verified, { phase: this.nextInClaim('verify') })];
  }

  private callOf({ phase, token, read, expected, batch }: Worker): Call {
    if (phase === 'recover') return { script: 'recover', token, committed: read.id };
    const chunk = phase === 'stage1' || phase === 'apply1' ? 1 : 2;
    return { script: phase === 'stage1' || phase === 'stage2' ? 'stage' : 'apply', token, expected, batch: batch!, chunk };
  }

  /** The call arrives and is answered; or the answer is lost, and the call made again; or it stays on its way. */
  private callScript(state: State, worker: Worker, call: Call): Steps {
    const { redis, answer } = runScript(state.redis, call, this.setting);
    const name = `${nameOf(this.index)} ${call.script}${'chunk' in call ? ` ${call.chunk}/2` : ''}`;
    const after = { ...state, redis };
    const steps: Steps = [];
    if (answer === 'fenced' || answer === 'behind') steps.push(...this.refused(after, worker, `${call.script} is refused: ${answer}`));
    else steps.push(this.move(name.slice(2), after, answer === 'more' ? {} : this.answered(worker, after)));
    steps.push({ label: `${name}, answer lost`, state: this.resend(after, call), fault: true });
    if (this.setting.lateCalls && state.late === null)
      steps.push({ label: `${name}, still on its way`, state: { ...this.resend(state, call), late: call }, fault: true });
    return steps;
  }

  /** What was sent right behind the refused call, without waiting for its answer, still arrives. */
  private refused(state: State, worker: Worker, label: string): Steps {
    const again = this.claimAgain(label, state);
    const { token, batch, next } = worker;
    if (next === null || !this.setting.lateCalls || state.late !== null) return [again];
    const late: Call = { script: 'stage', token, expected: batch!.id, batch: next, chunk: 1 };
    return [again, { ...again, label: `${again.label}, with a staging behind it`, state: { ...again.state, late }, fault: true }];
  }

  /** Staging and applying may be sent again as they are; a claim and a recovery begin anew, or a late copy of them would do harm. */
  private resend(state: State, { script }: Call): State {
    const { bugs } = this.setting;
    if (script === 'stage' || script === 'apply') return state;
    if (script === 'claim' ? bugs.has('resendsClaim') : bugs.has('resendsRecover')) return state;
    return this.claimAgain('', state).state;
  }

  private answered(worker: Worker, { redis }: State): Partial<Worker> {
    const { bugs } = this.setting;
    switch (worker.phase) {
      case 'claim':
        return { phase: this.nextInClaim('claim') };
      case 'recover':
        return this.recovered(worker, { expected: redis.applied, progress: redis.progress });
      case 'stage1':
        return { phase: 'stage2' };
      case 'stage2':
        return { phase: bugs.has('appliesBeforeCommit') || !this.transactional ? 'apply1' : 'produce' };
      case 'apply1':
        return { phase: 'apply2' };
      default:
        return this.applied(worker);
    }
  }

  private recovered({ read }: Worker, { expected, progress }: Pick<Worker, 'expected' | 'progress'>): Partial<Worker> {
    const behind = this.transactional && read.id !== expected && read.id !== 0;
    const from = behind && this.setting.bugs.has('resumesAtBrokerOffset') ? { offset: read.offset, sent: read.offset } : progress;
    return { phase: 'ready', expected, progress: from, read: this.setting.bugs.has('offsetsReadOnce') ? read : NOTHING_COMMITTED };
  }

  private applied({ batch, next }: Worker): Partial<Worker> {
    const expected = batch!.id;
    if (this.setting.bugs.has('appliesBeforeCommit')) return { phase: 'produce', expected };
    if (next === null) return { phase: 'ready', expected, batch: null, progress: batch!.after };
    return { phase: this.firstPhase(), expected, batch: next, next: null, progress: batch!.after };
  }

  private firstPhase(): Phase {
    return !this.transactional || this.setting.bugs.has('noStaging') ? 'produce' : 'stage1';
  }

  /** The next batch may be computed before the last one is applied: it stays in hand, and its rows lie over those of Redis. */
  private computeOnTop(state: State, worker: Worker): Steps {
    return worker.next === null && this.transactional ? this.compute(state, worker) : [];
  }

  private compute(state: State, worker: Worker): Steps {
    const { batch, token, expected } = worker;
    const { bugs, mostInBatch, records } = this.setting;
    const from = batch?.after ?? worker.progress;
    // Where there is nothing to read, it looks nevertheless: else it would not see that Redis has lost what it did last.
    const read = from.offset === records && bugs.has('neverLooksWhenIdle') ? EMPTY_ROWS : readRows(state.redis, token, expected, this.setting);
    if (read === null) return [this.claimAgain('reads no rows: fenced or behind', state)];
    const rows = batch === null || bugs.has('rowsBeforeApply') ? read : overlaid(read, batch);
    const most = Math.min(mostInBatch, records - from.offset);
    const counts = [...Array(most).keys()].map((count) => count + 1);
    return counts.flatMap((count) =>
      (bugs.has('marksTakeNumbers') ? [0, 1] : [0]).map((mark) => this.computed(state, worker, rows, { count, mark })),
    );
  }

  private computed(state: State, { batch, expected, progress }: Worker, rows: Rows, { count, mark }: { count: number; mark: number }): Step<State> {
    const { offset, sent } = batch?.after ?? progress;
    const computed: Batch = {
      id: this.setting.bugs.has('countedIds') ? (batch?.id ?? expected) + 1 : freshId(state),
      from: offset,
      sentBefore: sent,
      after: { offset: offset + count, sent: sent + count + mark },
      ...fold(rows, offset, offset + count),
    };
    const label = `computes ${count} from record ${offset} on`;
    return this.move(label, state, batch === null ? { batch: computed, phase: this.firstPhase() } : { next: computed });
  }

  private produce(state: State, worker: Worker): Steps {
    const { batch, produced } = worker;
    if (!this.transactional) {
      const label = `${nameOf(this.index)} produces output ${batch!.from + produced}`;
      const all = produced + 1 === batch!.after.offset - batch!.from;
      const after = produceOne(state, this.index, this.setting);
      return [{ label, state: all ? withWorker(after, this.index, { phase: 'stage1', produced: 0 }) : after, fault: false }];
    }
    // A producer has one transaction at a time: the former one must have ended.
    if (state.transactions[this.index] !== null) return [];
    return [this.move('begins a transaction and produces', produce(state, this.index, batch!), { phase: 'sendOffsets' })];
  }

  private sendOffsets(state: State, { batch }: Worker): Steps {
    const { bugs } = this.setting;
    if (state.transactions[this.index] === null) return [this.claimAgain('finds its transaction ended', state)];
    if (!isCurrent(state, this.index) && !bugs.has('noGenerationFence'))
      return [this.claimAgain('sends offsets: of an old generation', abort(state, this.index, this.setting))];
    const ended = withTransaction(state, this.index, { batch: batch!, phase: 'ended' });
    return [this.move('sends offsets and asks for the commit', ended, { phase: 'await' })];
  }

  /** What the producer learns of its transaction, if it still waits. */
  told(state: State, committed: boolean): State {
    const worker = state.workers[this.index]!;
    if (worker.phase !== 'await') return state;
    if (!committed) return this.claimAgain('', state).state;
    const applied = this.setting.bugs.has('appliesBeforeCommit');
    return withWorker(state, this.index, applied ? { phase: 'ready', batch: null, progress: worker.batch!.after } : { phase: 'apply1' });
  }
}

/** Rows as they will be when a batch is applied. */
function overlaid(rows: Rows, { from, after, rows: written }: Batch): Rows {
  const count = after.offset - from;
  if (count > 1) return written;
  return from % 2 === 0 ? [written[0], rows[1]] : [rows[0], written[1]];
}
