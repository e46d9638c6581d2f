/** A short text that is equal for states that differ only by which ids were drawn. */
import type { Batch, Call, Id, Phase, Progress, Redis, State, Transaction, Worker } from './protocolState.js';
import type { Rows } from './records.js';

const PHASE_CODES: Readonly<Record<Phase, number>> = {
  idle: 0,
  claim: 1,
  read: 2,
  verify: 3,
  recover: 4,
  ready: 5,
  stage1: 6,
  stage2: 7,
  produce: 8,
  sendOffsets: 9,
  await: 10,
  apply1: 11,
  apply2: 12,
};
const MEMBER_CODES = { none: 0, current: 1, former: 2 };
const TRANSACTION_CODES = { open: 1, ended: 2, prepared: 3 };
const SCRIPT_CODES = { claim: 1, recover: 2, stage: 3, apply: 4 };

const MOST_BYTES = 1024;
const ALONE = [0];
const FIRST_OF_TWO = [0, 1];
const SECOND_OF_TWO = [1, 0];

/** Writes keys; one for all states, since most of the exploration's time goes here. */
export class KeyWriter {
  private readonly bytes = Buffer.alloc(MOST_BYTES);
  private length = 0;
  /** Names of ids, in the order in which they are met. */
  private readonly names: Id[] = [];

  /** @param renameIds - false for counted ids: they have an order that renaming would lose */
  constructor(private readonly renameIds: boolean) {}

  keyOf(state: State): string {
    this.length = 0;
    this.names.length = 0;
    this.redis(state.redis);
    this.add(state.replica === null ? 0 : 1 + state.failoversLeft);
    if (state.replica !== null) this.redis(state.replica);
    this.add(state.rolledBack ? 1 : 0);
    this.add(state.consumed.lastSent);
    this.add(state.consumed.nextRecord);
    this.id(state.committed.id);
    this.add(state.committed.offset);
    const order = workerOrder(state);
    for (const index of order) {
      this.worker(state.workers[index]!);
      this.transaction(state.transactions[index]!);
    }
    this.late(state.late);
    for (const { batch, pendingOf } of state.log) {
      this.add(pendingOf === null ? 0 : 1 + order.indexOf(pendingOf));
      if (pendingOf === null) this.batch(batch);
    }
    return this.bytes.toString('latin1', 0, this.length);
  }

  private add(code: number): void {
    this.bytes[this.length++] = code;
  }

  private id(id: Id): void {
    if (id === 0 || !this.renameIds) return this.add(id);
    let name = this.names.indexOf(id);
    if (name < 0) name = this.names.push(id) - 1;
    this.add(name + 1);
  }

  private progress({ offset, sent }: Progress): void {
    this.add(offset);
    this.add(sent);
  }

  private rows(rows: Rows): void {
    this.add(rows[0] + 1);
    this.add(rows[1] + 1);
  }

  private batch(batch: Batch | null): void {
    if (batch === null) return this.add(0);
    this.add(batch.right ? 1 : 2);
    this.add(batch.from);
    this.add(batch.sentBefore);
    this.progress(batch.after);
    this.rows(batch.rows);
    this.id(batch.id);
  }

  private redis({ token, applied, progress, rows, staged }: Redis): void {
    this.id(token);
    this.id(applied);
    this.progress(progress);
    this.rows(rows);
    this.batch(staged?.batch ?? null);
    if (staged !== null) this.add(staged.halfApplied ? 3 : staged.chunks);
  }

  private worker({ member, phase, token, read, expected, progress, batch, next, produced }: Worker): void {
    this.add(MEMBER_CODES[member] * 16 + PHASE_CODES[phase]);
    if (phase === 'idle') return;
    this.id(token);
    this.id(read.id);
    this.add(read.offset);
    this.id(expected);
    this.progress(progress);
    this.add(produced);
    this.batch(batch);
    this.batch(next);
  }

  private transaction(transaction: Transaction | null): void {
    if (transaction === null) return this.add(0);
    this.add(TRANSACTION_CODES[transaction.phase]);
    this.batch(transaction.batch);
  }

  private late(call: Call | null): void {
    if (call === null) return this.add(0);
    this.add(SCRIPT_CODES[call.script]);
    this.id(call.token);
    if (call.script === 'recover') this.id(call.committed);
    if (call.script !== 'stage' && call.script !== 'apply') return;
    this.add(call.chunk);
    this.id(call.expected);
    this.batch(call.batch);
  }
}

/** Workers are alike: whoever has the task comes first, so that states which differ by names alone have one key. */
function workerOrder({ workers, owner }: State): readonly number[] {
  if (workers.length === 1) return ALONE;
  if (workers.length === 2) return owner === 0 ? FIRST_OF_TWO : SECOND_OF_TWO;
  const others = [0, 1, 2].filter((index) => index !== owner);
  return [owner, ...others.sort((one, other) => rankOf(workers[one]!) - rankOf(workers[other]!))];
}

const rankOf = ({ member, phase }: Worker): number => MEMBER_CODES[member] * 16 + PHASE_CODES[phase];
