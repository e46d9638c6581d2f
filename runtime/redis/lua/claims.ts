import { ownersScript, writingScript, type Script } from './script.js';

/** What is known of a task: applied id, progress; id, progress, total and next of the staged batch; the names of the stores. */
const FOUND = `
local stores = {}
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if field:sub(1, 2) == 's:' then stores[#stores + 1] = field:sub(3) end
end
local meta = redis.call('HMGET', KEYS[1], 'applied', 'progress')
local staged = redis.call('HMGET', KEYS[2], 'id', 'progress', 'total', 'next')
return { meta[1], meta[2], staged[1], staged[2], staged[3], staged[4], stores }
`;

/**
 * Takes the task from whoever has it, unless another one took it since its caller looked. KEYS: meta, staged. ARGV: token, the last claim that
 * the caller saw, '' for none. Returns what {@link LOOK} does. A late double changes nothing: `claim` keeps the token of the last claim, also
 * after that one was given up, and no token is drawn twice.
 */
export const CLAIM: Script = {
  source: `
local last = redis.call('HGET', KEYS[1], 'claim') or ''
if last ~= ARGV[1] then
  if last ~= ARGV[2] then return { err = 'FENCED' } end
  redis.call('HSET', KEYS[1], 'token', ARGV[1], 'claim', ARGV[1])
end
${FOUND}`,
  readOnly: false,
};

/** KEYS: meta, staged. Returns [applied, progress, staged id, staged progress, total, next, [store, ...]], null for what is not there. */
export const LOOK: Script = { source: FOUND, readOnly: true };

/** Throws the staged batch away, if it is the one that is meant. KEYS: meta, staged. ARGV: token, applied, id. */
export const DISCARD: Script = writingScript(`
if redis.call('HGET', KEYS[2], 'id') == ARGV[3] then redis.call('UNLINK', KEYS[2]) end
return 1
`);

/** Gives the task up; nothing where somebody else has it. Of a task that never applied a batch no trace is left. KEYS: meta. ARGV: token. */
export const RELEASE: Script = {
  source: `
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'token')
  if redis.call('HLEN', KEYS[1]) == 1 and redis.call('HEXISTS', KEYS[1], 'claim') == 1 then redis.call('DEL', KEYS[1]) end
end
return 1
`,
  readOnly: false,
};

/** Deletes all of a task. KEYS: meta, and every other key of the task. ARGV: token. */
export const DROP: Script = ownersScript(`
redis.call('UNLINK', unpack(KEYS))
return 1
`);
