/** What `skillforge privacy erase` tells people. */
import type { Receipt, lastReceipt } from '../privacy/erasure/saga.js';
import type { VerifiedStore } from '../privacy/erasure/verification.js';
import { jsonOf, printable, tableText, timeText } from './output.js';

/** What `privacy erase` prints. @param before - the receipt of an earlier erasure */
export function receiptText(learner: string, { steps, remaining, topics, startedAtMs, finishedAtMs }: Receipt, before: Receipt | null): string {
  const why =
    before === null
      ? 'is it the right pseudonym? "skillforge gateway show" tells that of an identity'
      : `an erasure has ended ${timeText(before.finishedAtMs)} already`;
  return [
    ...(hadNoKey(steps)
      ? [
          'the learner had no data key: what topics have under the pseudonym can be read until the broker removes it; --verify tells whether there is anything',
        ]
      : []),
    ...(heldNothing(steps) ? [`nothing was found of ${printable(learner)}: ${why}`] : []),
    `${printable(learner)} is erased: begun ${timeText(startedAtMs)}, finished ${timeText(finishedAtMs)}`,
    tableText(
      ['step', 'done', 'what'],
      steps.map(({ step, doneAtMs, attempts, did }) => [step, timeText(doneAtMs), `${jsonOf(did)}${attempts === 1 ? '' : `, attempt ${attempts}`}`]),
    ),
    'what is left:',
    tableText(
      ['store', 'what', 'until'],
      remaining.map(({ store, what, until }) => [store, what, until]),
    ),
    ...(topics === undefined ? [] : ['the broker removes what lies in topics:', topicsText(topics)]),
  ].join('\n');
}

const topicsText = (topics: NonNullable<Receipt['topics']>): string =>
  tableText(
    ['topic', 'cleanup', 'gone by'],
    topics.map(({ topic, cleanup, goneByMs }) => [topic, cleanup, goneByMs === null ? 'kept for ever' : timeText(goneByMs)]),
  );

/** On servers: who had none had nothing sealed. */
const hadNoKey = (steps: Receipt['steps']): boolean => steps.some(({ step, did }) => step === 'data-key' && did['hadKey'] === false);

/** Counts of steps that tell that there was something; those of how many tasks there are, or writers, do not. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'identity-map': ['mappings'],
  'log-and-state': ['records', 'rows', 'timers'],
  'data-key': ['deleted'],
  'redis-state': ['rows', 'timers', 'staged'],
  tombstones: ['tombstones'],
  files: ['rows', 'deleted'],
};

/** A slip of the pen gets a receipt, too. Of a step that was cut off nobody knows what it found. */
function heldNothing(steps: Receipt['steps']): boolean {
  if (steps.some(({ attempts }) => attempts > 1)) return false;
  return steps.every(({ step, did }) => (FOUND[step] ?? []).every((name) => isNothing(did[name])));
}

const isNothing = (count: unknown): boolean =>
  count === undefined || count === false || count === 0 || (typeof count === 'object' && count !== null && Object.keys(count).length === 0);

/** What `privacy erase --verify` prints. @param last - the last receipt @param unseen - stores that were not looked into, and that nobody accepts */
export function verifiedText(verified: readonly VerifiedStore[], last: ReturnType<typeof lastReceipt>, unseen: readonly string[]): string {
  const receipt = last === null ? 'no receipt' : `receipt ${last.path}: ${last.isSigned ? 'as it was signed' : 'not as it was signed'}`;
  return [
    tableText(
      ['store', 'found', 'meaning'],
      verified.map((one) => [one.store, `${one.readable + one.nameAlone + one.unlinkable}`, meaningOf(one)]),
    ),
    receipt,
    ...(unseen.length === 0 ? [] : [unseenText(unseen)]),
  ].join('\n');
}

const unseenText = (unseen: readonly string[]): string =>
  `not shown to be clean: ${unseen.join(', ')} ${unseen.length === 1 ? 'was' : 'were'} not looked into; say where, or accept it: --accept-unseen ${unseen.join(' ')}`;

/** Each kind with its own number: what is readable among many that are not is what matters. */
function meaningOf({ readable, nameAlone, unlinkable, first, unseen }: VerifiedStore): string {
  if (unseen !== null) return `not looked into: ${unseen}`;
  const kinds = [
    ...(readable > 0 ? [`${readable} readable, first at ${first ?? '?'}`] : []),
    ...(unlinkable > 0 ? [`${unlinkable} under a deleted key: nobody can read them`] : []),
    ...(nameAlone > 0 ? [`${nameAlone} the pseudonym alone: nothing tells whose it is`] : []),
  ];
  return kinds.length === 0 ? 'nothing' : kinds.join('; ');
}
