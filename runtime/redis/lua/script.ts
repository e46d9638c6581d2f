/**
 * A Lua script with its contract. It is sent as text at every call: a server that took over, or was started again, knows no script by its
 * digest, and to find that out in the middle of pipelined calls would change their order. Redis compiles a text once.
 */
export interface Script {
  readonly source: string;
  /** Runs by `EVAL_RO`, which refuses every command that writes. */
  readonly readOnly: boolean;
}

/*
 * All scripts of a task begin alike. KEYS: 1 meta, 2 staged, then as each says. ARGV: 1 the token of the claim, 2 the id of the batch that
 * was applied last as the claim knows it ('' for none), then as each says. The error replies FENCED and BEHIND become error codes in `connection.ts`.
 *
 * meta:   token, claim (the last token, also after its claim was given up), applied, progress, and `s:<store>` for every store that was ever written
 * staged: id, progress, the chunks by number from 0; `total` once all of them are there; `next`, the first chunk not applied, once applying has begun
 */

const HOLDER = `
local holder, applied = unpack(redis.call('HMGET', KEYS[1], 'token', 'applied'))
applied = applied or ''
`;

/** Another token is another claim; none at all is a Redis that went back to before this one. */
const OWNED = `
if holder ~= ARGV[1] then return { err = holder and 'FENCED' or 'BEHIND' } end
`;

const UNCHANGED = `
if applied ~= ARGV[2] then return { err = 'BEHIND' } end
`;

/** Rows that are half applied are nobody's state. */
const SETTLED = `
if redis.call('HEXISTS', KEYS[2], 'next') == 1 then return { err = 'BEHIND' } end
`;

/** A script that the holder of the claim alone may run; it has `applied`, and decides by itself what that must be. */
export function ownersScript(body: string): Script {
  return { source: HOLDER + OWNED + body, readOnly: false };
}

/** A script that the holder of the claim alone may run, and only while Redis has what it last saw. */
export function writingScript(body: string): Script {
  return ownersScript(UNCHANGED + body);
}

/** A read of rows or timers, for the holder of the claim or, where the token is '', for whoever asks. */
export function readingScript(body: string): Script {
  return { source: `${HOLDER}if ARGV[1] ~= '' then ${OWNED} end${UNCHANGED}${SETTLED}${body}`, readOnly: true };
}
