/** The scripts of the state store: each is atomic, checks what it relies on, and may be sent again when its answer is lost. */
import type { Call, Id, Redis, Staged } from './protocolState.js';
import type { Rows } from './records.js';
import type { Bug, Setting } from './variants.js';

/** `fenced`: somebody else has claimed. `behind`: Redis is not where the claim last saw it. `more`: call again. */
export type Answer = 'ok' | 'fenced' | 'behind' | 'more';

export interface Reply {
  readonly redis: Redis;
  readonly answer: Answer;
}

export function runScript(redis: Redis, call: Call, setting: Setting): Reply {
  switch (call.script) {
    case 'claim':
      return { redis: { ...redis, token: call.token }, answer: 'ok' };
    case 'recover':
      return recover(redis, call, setting);
    case 'stage':
      return stage(redis, call, setting);
    case 'apply':
      return apply(redis, call, setting);
  }
}

type CallOf<K extends Call['script']> = Extract<Call, { script: K }>;

const refused = (redis: Redis, answer: 'fenced' | 'behind'): Reply => ({ redis, answer });

function recover(redis: Redis, { token, committed }: CallOf<'recover'>, setting: Setting): Reply {
  const { bugs } = setting;
  if (redis.token !== token && !bugs.has('recoverIgnoresToken')) return refused(redis, 'fenced');
  const { staged } = redis;
  if (staged !== null && isDecided(staged, committed, setting)) {
    const chunk = staged.halfApplied || bugs.has('applyNotResumed') ? 2 : 1;
    return { redis: applyChunk(redis, staged, chunk), answer: 'more' };
  }
  return { redis: { ...redis, staged: null }, answer: 'ok' };
}

/** True for a batch that must be applied: its outputs count. */
function isDecided({ batch, chunks, halfApplied }: Staged, committed: Id, { bugs, mode }: Setting): boolean {
  if (bugs.has('discardsCovered')) return false;
  // Applying begins only after the decision; and what is half in the rows cannot be taken back.
  if (halfApplied && !bugs.has('discardsHalfApplied')) return true;
  return chunks === 2 && (mode === 'idempotent' || batch.id === committed);
}

function stage(redis: Redis, { token, expected, batch, chunk }: CallOf<'stage'>, { bugs, overStaged }: Setting): Reply {
  if (redis.token !== token && !bugs.has('stageIgnoresToken')) return refused(redis, 'fenced');
  if (redis.applied !== expected && !bugs.has('scriptsIgnoreApplied')) return refused(redis, 'behind');
  const { staged } = redis;
  if (staged?.batch.id === batch.id) return { redis: { ...redis, staged: stagedAgain(staged, chunk, bugs) }, answer: 'ok' };
  if (staged !== null && overStaged === 'refuses') return refused(redis, 'behind');
  if (chunk === 1) return { redis: { ...redis, staged: { batch, chunks: 1, halfApplied: false } }, answer: 'ok' };
  if (!bugs.has('laterChunkAlone')) return refused(redis, 'behind');
  // Without its first chunk, a batch has nothing for the first row.
  const partial = { ...batch, rows: withRow(batch.rows, batch.from % 2, redis.rows) };
  return { redis: { ...redis, staged: { batch: partial, chunks: 2, halfApplied: false } }, answer: 'ok' };
}

/** A batch of which another chunk has come, or the same one once more. */
function stagedAgain(staged: Staged, chunk: 1 | 2, bugs: ReadonlySet<Bug>): Staged {
  if (chunk === 2) return { ...staged, chunks: 2 };
  return bugs.has('stageStartsAnew') ? { ...staged, chunks: 1, halfApplied: false } : staged;
}

function apply(redis: Redis, { token, expected, batch, chunk }: CallOf<'apply'>, { bugs }: Setting): Reply {
  if (redis.token !== token && !bugs.has('applyIgnoresToken')) return refused(redis, 'fenced');
  if (redis.applied === batch.id) return { redis, answer: 'ok' };
  if (redis.applied !== expected && !bugs.has('scriptsIgnoreApplied')) return refused(redis, 'behind');
  if (bugs.has('noStaging')) return { redis: { ...applyChunk(redis, { batch, chunks: 2, halfApplied: false }, chunk), staged: null }, answer: 'ok' };
  const { staged } = redis;
  if (staged?.batch.id !== batch.id || staged.chunks < 2) return refused(redis, 'behind');
  if (chunk === 2 && !staged.halfApplied) return refused(redis, 'behind');
  return { redis: applyChunk(redis, staged, chunk), answer: 'ok' };
}

/** The first chunk writes the row of the first record; the second one the other row, if the batch has one, and all the rest. */
function applyChunk(redis: Redis, staged: Staged, chunk: 1 | 2): Redis {
  const { batch } = staged;
  if (chunk === 1) return { ...redis, rows: withRow(redis.rows, batch.from % 2, batch.rows), staged: { ...staged, halfApplied: true } };
  const other = batch.after.offset - batch.from > 1;
  const rows = other ? withRow(redis.rows, (batch.from + 1) % 2, batch.rows) : redis.rows;
  return { ...redis, rows, applied: batch.id, progress: batch.after, staged: null };
}

const withRow = (rows: Rows, place: number, from: Rows): Rows => (place === 0 ? [from[0], rows[1]] : [rows[0], from[1]]);

/** Reading rows is a script like the others: it gives nothing when Redis is not where the claim last saw it. */
export function readRows(redis: Redis, token: Id, expected: Id, { bugs }: Setting): Rows | null {
  if (bugs.has('scriptsIgnoreApplied')) return redis.token === token ? redis.rows : null;
  return redis.token === token && redis.applied === expected ? redis.rows : null;
}
