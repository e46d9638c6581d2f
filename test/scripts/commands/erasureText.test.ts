/** What an erasure tells: nothing that it does not know, and nothing that is not so. */
import { describe, expect, it } from 'vitest';
import { receiptText, verifiedText } from '../../../scripts/commands/erasureText.js';
import type { ReceivedStep, Receipt } from '../../../scripts/privacy/erasure/saga.js';
import type { VerifiedStore } from '../../../scripts/privacy/erasure/verification.js';

const NOTHING: Readonly<Record<string, ReceivedStep['did']>> = {
  refuse: { refusedFromMs: 1, writers: 2 },
  'identity-map': { mappings: 0 },
  'data-key': { sealed: true, deleted: false, hadKey: true },
  'redis-state': { tasks: 50, rows: 0, timers: 0, staged: 0 },
  tombstones: { tombstones: {} },
  files: { rows: 0, rewritten: 0, deleted: 0 },
};

function told(did: typeof NOTHING, { attempts = 1, before = null as Receipt | null } = {}): string {
  const steps = Object.entries({ ...NOTHING, ...did }).map(([step, one]) => ({ step, doneAtMs: 2, attempts, did: one }));
  return receiptText('ada', receiptOf(steps), before);
}

const receiptOf = (steps: readonly ReceivedStep[]): Receipt => ({
  format: 'skillforge-erasure/1',
  learner: { salt: '', sha256: '' },
  region: 'eu-west',
  startedAtMs: 1,
  finishedAtMs: Date.UTC(2026, 10, 30),
  steps,
  remaining: [],
});

describe('the text of a receipt', () => {
  it('asks whether it is the right pseudonym where nothing was found, and says when it was erased before', () => {
    expect(told({})).toMatch(/^nothing was found of ada: is it the right pseudonym\? "skillforge gateway show"/);
    expect(told({}, { before: receiptOf([]) })).toMatch(/^nothing was found of ada: an erasure has ended 2026-11-30T00:00:00Z already/);
  });

  it.each([
    ['a key', { 'data-key': { sealed: true, deleted: true, hadKey: true } }],
    ['timers', { 'redis-state': { tasks: 50, rows: 0, timers: 1, staged: 0 } }],
    ['writes of a batch that was staged', { 'redis-state': { tasks: 50, rows: 0, timers: 0, staged: 1 } }],
    ['records of compacted topics', { tombstones: { tombstones: { 'eu-west.recommendations': 1 } } }],
    ['training sets', { files: { rows: 0, rewritten: 0, deleted: 1 } }],
  ])('does not ask where there were %s', (_, did) => {
    expect(told(did)).toMatch(/^ada is erased/);
  });

  it('does not ask after a kill: the counts are those of the last attempt', () => {
    expect(told({}, { attempts: 2 })).toMatch(/^ada is erased/);
  });

  it('says that topics are readable where the learner had no data key', () => {
    expect(told({ 'data-key': { sealed: true, deleted: false, hadKey: false } })).toMatch(
      /^the learner had no data key: what topics have .* can be read/,
    );
  });
});

it('what is readable is counted apart from what nobody can read', () => {
  const log: VerifiedStore = { store: 'kafka-log', readable: 2, nameAlone: 1, unlinkable: 7, first: 'eu-west.clicks/6/0', unseen: null };
  const text = verifiedText([log], null, []);
  expect(text).toMatch(
    /kafka-log +10 +2 readable, first at eu-west.clicks\/6\/0; 7 under a deleted key: nobody can read them; 1 the pseudonym alone/,
  );
  expect(text).toContain('no receipt');
});
