/**
 * The commit protocol, explored in every interleaving with crashes, zombies, lost answers and rollbacks of Redis; and mistakes that the
 * exploration must find, for else it proves nothing. `SKILLFORGE_MODEL=long` explores larger bounds, in minutes.
 */
import { describe, expect, it } from 'vitest';
import { commitProtocol } from './commitProtocol.js';
import { explore, type Exploration } from './explore.js';
import { BUGS, type Bug, type Setting } from './variants.js';

const LONG = process.env['SKILLFORGE_MODEL'] === 'long';
const TIME_OUT_MS = LONG ? 3_600_000 : 300_000;

const SMALLEST: Setting = {
  mode: 'transaction',
  workers: 1,
  records: 2,
  mostInBatch: 2,
  failovers: 0,
  lateCalls: false,
  overStaged: 'replaces',
  repeats: 'afterRollback',
  bugs: new Set(),
};

const explored = (change: Partial<Setting>): Exploration => explore(commitProtocol({ ...SMALLEST, ...change }));

/** Text of the counterexample: `null` is what a right protocol gives. */
const textOf = ({ counterexample }: Exploration): string | null =>
  counterexample === null ? null : `${counterexample.message}\n${counterexample.trace.join('\n')}`;

/** What is explored, and how many states there are at least: fewer would mean that a part of the model has been cut off. */
type Bound = readonly [name: string, change: Partial<Setting>, leastStates: number];

/** Bounds of the ordinary run. */
const SHORT: readonly Bound[] = [
  ['two workers and two records, cut in every way', { workers: 2 }, 90_000],
  ['one worker and three records, with a failover of Redis', { records: 3, failovers: 1 }, 30_000],
  ['one worker and two records, with calls that arrive late', { lateCalls: true }, 7_500],
  ['two workers, where staging refuses to replace a staged batch', { workers: 2, records: 1, overStaged: 'refuses' }, 9_000],
  ['one worker and a failover, where staging refuses to replace a staged batch', { failovers: 1, overStaged: 'refuses' }, 12_000],
];

const LONGER: readonly Bound[] = [
  ['two workers and three records', { workers: 2, records: 3 }, 350_000],
  ['three workers and one record', { workers: 3, records: 1 }, 300_000],
  ['two workers and one record, with a failover', { workers: 2, records: 1, failovers: 1 }, 180_000],
  ['two workers and one record, with late calls', { workers: 2, records: 1, lateCalls: true }, 100_000],
  ['one worker and two records, with a failover and late calls', { failovers: 1, lateCalls: true }, 240_000],
  ['one worker and four records, with two failovers', { records: 4, failovers: 2 }, 250_000],
];

const IDEMPOTENT: readonly Bound[] = [
  ['two workers and three records', { workers: 2, records: 3 }, 11_000],
  ['two workers and one record, with a failover', { workers: 2, records: 1, failovers: 1 }, 10_000],
];

function itHolds([name, change, leastStates]: Bound): void {
  it(name, { timeout: TIME_OUT_MS }, () => {
    const exploration = explored(change);
    console.log(`${name}: ${exploration.states} states, ${exploration.steps} steps, none wrong`);
    expect(textOf(exploration)).toBeNull();
    expect(exploration.states).toBeGreaterThan(leastStates);
    expect(exploration.doneStates).toBeGreaterThan(0);
  });
}

describe('the commit protocol counts every record once, whatever happens in between', () => {
  [...SHORT, ...(LONG ? LONGER : [])].forEach(itHolds);
});

const ZOMBIE: Partial<Setting> = { workers: 2, records: 1 };
const ROLLBACK: Partial<Setting> = { failovers: 1 };
const LATE: Partial<Setting> = { lateCalls: true };

/** The smallest bounds in which a mistake shows, and what it does. */
const MISTAKES: Readonly<Record<Exclude<Bug, 'applyIgnoresToken' | 'resendsClaim'>, readonly [Partial<Setting>, RegExp]>> = {
  stageIgnoresToken: [ZOMBIE, /in the log twice/],
  recoverIgnoresToken: [ZOMBIE, /in the log twice/],
  scriptsIgnoreApplied: [ROLLBACK, /not the fold/],
  laterChunkAlone: [ROLLBACK, /not the fold/],
  stageStartsAnew: [LATE, /in the log twice/],
  countedIds: [ROLLBACK, /outputs are committed of/],
  offsetsBeforeToken: [ZOMBIE, /in the log twice/],
  offsetsReadOnce: [{}, /in the log twice/],
  unstableOffsets: [{}, /in the log twice/],
  claimUnverified: [ZOMBIE, /in the log twice/],
  verifiedBeforeToken: [ZOMBIE, /in the log twice/],
  noGenerationFence: [ZOMBIE, /in the log twice/],
  appliesBeforeCommit: [{}, /outputs are committed of/],
  noStaging: [{}, /in the log twice/],
  discardsCovered: [{}, /in the log twice/],
  discardsHalfApplied: [ROLLBACK, /differs from that of an undisturbed run/],
  applyNotResumed: [{}, /not the fold/],
  rowsBeforeApply: [{ records: 3 }, /differs from that of an undisturbed run/],
  resumesAtBrokerOffset: [ROLLBACK, /not the fold/],
  neverLooksWhenIdle: [ROLLBACK, /cannot be finished/],
  resendsRecover: [LATE, /in the log twice/],
  marksTakeNumbers: [ROLLBACK, /the number of another one/],
};

const itFinds = (bug: Bug, change: Partial<Setting>, what: RegExp): void =>
  it(BUGS[bug], { timeout: TIME_OUT_MS }, () => {
    const exploration = explored({ ...change, bugs: new Set([bug]) });
    expect(exploration.counterexample?.message).toMatch(what);
    expect(exploration.counterexample?.trace.length).toBeGreaterThan(5);
  });

describe('a counterexample is found when', () => {
  for (const [bug, [change, what]] of Object.entries(MISTAKES)) itFinds(bug as Bug, change, what);
  if (LONG) itFinds('resendsClaim', { ...ZOMBIE, ...LATE }, /in the log twice/);
});

describe('the token', () => {
  it('is not what keeps applying safe: the applied batch is', { timeout: TIME_OUT_MS }, () => {
    expect(textOf(explored({ ...ZOMBIE, bugs: new Set<Bug>(['applyIgnoresToken']) }))).toBeNull();
  });
});

describe('the idempotent mode sends every output at least once, and its state counts every record once', () => {
  for (const [name, change, leastStates] of IDEMPOTENT) itHolds([name, { ...change, mode: 'idempotent', repeats: 'always' }, leastStates]);

  it('but a former owner can send an output again, after the new owner has', () => {
    const found = explored({ mode: 'idempotent', workers: 2, repeats: 'notOfFormerOwners' });
    expect(found.counterexample?.message).toMatch(/a former owner sends the output of record \d again/);
  });
});
