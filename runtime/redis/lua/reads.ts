import { readingScript, type Script } from './script.js';

/** KEYS: meta, staged, stores. ARGV: token, applied, then for each store the number of keys and the keys. Returns the values, null for none. */
export const FETCH: Script = readingScript(`
local rows, at = {}, 3
for store = 3, #KEYS do
  local count = tonumber(ARGV[at])
  for _, value in ipairs(redis.call('HMGET', KEYS[store], unpack(ARGV, at + 1, at + count))) do rows[#rows + 1] = value end
  at = at + 1 + count
end
return rows
`);

/** Whether all is as the claim last saw it. KEYS: meta, staged. ARGV: token, applied. */
export const CHECK: Script = readingScript('return 1');

/**
 * KEYS: meta, staged, queue, payloads. ARGV: token, applied, where to begin ('-', or '(' and a member), limit.
 * Returns [members, their payloads]; the second is left out where no entry of the queue has a payload.
 */
export const QUEUE_HEAD: Script = readingScript(`
local members = redis.call('ZRANGEBYLEX', KEYS[3], ARGV[3], '+', 'LIMIT', 0, ARGV[4])
if #members == 0 or redis.call('EXISTS', KEYS[4]) == 0 then return { members } end
return { members, redis.call('HMGET', KEYS[4], unpack(members)) }
`);

/**
 * KEYS: meta, staged, store. ARGV: token, applied, cursor, about how many rows. Returns [next cursor, [key, value, ...], id of the server].
 * A cursor means something to one server alone, since each hashes by a seed of its own.
 */
export const SCAN: Script = readingScript(`
local page = redis.call('HSCAN', KEYS[3], ARGV[3], 'COUNT', ARGV[4])
return { page[1], page[2], redis.call('INFO', 'server'):match('run_id:(%x+)') }
`);

/**
 * Sizes of one task. KEYS: meta, staged, queue, payloads, stores. ARGV: rows of a key that are looked at. Returns [rows, timers, bytes]; it looks at nothing
 * twice, so a batch that is applied half counts as far as it is.
 */
export const SIZE: Script = {
  source: `
local rows, bytes = 0, 0
for at, key in ipairs(KEYS) do
  bytes = bytes + (redis.call('MEMORY', 'USAGE', key, 'SAMPLES', ARGV[1]) or 0)
  if at > 4 then rows = rows + redis.call('HLEN', key) end
end
return { rows, redis.call('ZCARD', KEYS[3]), bytes }
`,
  readOnly: true,
};
