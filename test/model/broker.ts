/** Kafka, as far as the protocol sees it: the group's generation, committed offsets, one producer for each worker, the output topic. */
import type { Batch, Consumed, Entry, State } from './protocolState.js';
import { withTransaction, withWorker } from './protocolState.js';
import type { Setting } from './variants.js';

/** Offsets that a transaction holds are not told before it ends ("require stable"). */
export const offsetsArePending = ({ transactions }: State): boolean => transactions.some((one) => one !== null && one.phase !== 'open');

export const isCurrent = ({ workers }: State, index: number): boolean => workers[index]!.member === 'current';

/** Begins a transaction and produces the outputs of a batch in it. */
export function produce(state: State, index: number, batch: Batch): State {
  const begun = withTransaction(state, index, { batch, phase: 'open' });
  return { ...begun, log: [...begun.log, { batch, pendingOf: index }] };
}

/** The coordinator decides for a transaction: from here its outputs count. */
export function prepare(state: State, index: number, setting: Setting): State {
  const { batch } = state.transactions[index]!;
  const log = state.log.map((entry) => (entry.pendingOf === index ? { ...entry, pendingOf: null } : entry));
  return consume({ ...withTransaction(state, index, { batch, phase: 'prepared' }), log }, setting);
}

/** The decision has come to the partition of the offsets. */
export function complete(state: State, index: number): State {
  const { batch } = state.transactions[index]!;
  return { ...withTransaction(state, index, null), committed: { id: batch.id, offset: batch.after.offset } };
}

/** By its producer, by the next one of the same id, or by time-out. */
export function abort(state: State, index: number, setting: Setting): State {
  const log = state.log.filter((entry) => entry.pendingOf !== index);
  return consume({ ...withTransaction(state, index, null), log }, setting);
}

/** One output without a transaction: everybody sees it at once. */
export function produceOne(state: State, index: number, setting: Setting): State {
  const { batch, produced } = state.workers[index]!;
  const after = { offset: batch!.from + produced + 1, sent: batch!.sentBefore + produced + 1 };
  const one: Batch = { ...batch!, from: batch!.from + produced, sentBefore: batch!.sentBefore + produced, after };
  return take(withWorker(state, index, { produced: produced + 1 }), one, setting, !isCurrent(state, index));
}

/** Takes what a read-committed consumer can see: up to the first output of a transaction that is open. */
function consume(state: State, setting: Setting): State {
  const open = state.log.findIndex((entry) => entry.pendingOf !== null);
  const visible = open < 0 ? state.log : state.log.slice(0, open);
  const rest: readonly Entry[] = open < 0 ? [] : state.log.slice(open);
  return visible.reduce((before, { batch }) => take(before, batch, setting, false), { ...state, log: rest });
}

function take(state: State, batch: Batch, setting: Setting, ofFormerOwner: boolean): State {
  let consumed: Consumed = state.consumed;
  let wrong = state.wrong;
  if (!batch.right) wrong ??= 'an output differs from that of an undisturbed run';
  for (let record = batch.from; record < batch.after.offset; record++) {
    const number = batch.sentBefore + (record - batch.from) + 1;
    if (number <= consumed.lastSent) {
      wrong ??= repeatOf(state, record, setting, ofFormerOwner);
      continue;
    }
    if (record < consumed.nextRecord) wrong ??= `the output of record ${record} is taken twice`;
    if (record > consumed.nextRecord) wrong ??= `the output of record ${consumed.nextRecord} is lost`;
    consumed = { lastSent: number, nextRecord: record + 1 };
  }
  return { ...state, consumed: { ...consumed, lastSent: Math.max(consumed.lastSent, batch.after.sent) }, wrong };
}

/** A repeated number is dropped; what is wrong with it, if anything. */
function repeatOf({ consumed, rolledBack }: State, record: number, { repeats }: Setting, ofFormerOwner: boolean): string | null {
  if (record >= consumed.nextRecord) return `the output of record ${record} has the number of another one, and is dropped`;
  if (repeats === 'always' || (repeats === 'afterRollback' && rolledBack)) return null;
  if (repeats === 'notOfFormerOwners') return ofFormerOwner ? `a former owner sends the output of record ${record} again` : null;
  return `the output of record ${record} is in the log twice, although Redis lost nothing`;
}

/** Records whose outputs are decided for, whether they can be seen yet or not. */
export const decidedRecords = ({ consumed, log }: State): number =>
  log.reduce((most, { batch, pendingOf }) => (pendingOf === null ? Math.max(most, batch.after.offset) : most), consumed.nextRecord);
