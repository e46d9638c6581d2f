import { ownersScript, writingScript, type Script } from './script.js';

/** A chunk is a msgpack array of Redis commands, see `packing.ts`. All of them set or delete, so that to run one twice does no harm. */
const RUN = `
local function run(packed)
  for _, command in ipairs(cmsgpack.unpack(packed)) do redis.call(unpack(command)) end
end
`;

/**
 * Lays one chunk of a batch aside. KEYS: meta, staged. ARGV: token, applied, id, number of the chunk, number of chunks in the last one ('' in
 * the others), progress in the first one, the chunk, stores that it writes.
 * A batch that is staged is never replaced by another one: a late double of an old call must not take the place of one that Kafka has decided.
 */
export const STAGE: Script = writingScript(`
local id = redis.call('HGET', KEYS[2], 'id')
if not id and ARGV[4] == '0' then
  redis.call('HSET', KEYS[2], 'id', ARGV[3], 'progress', ARGV[6])
elseif id ~= ARGV[3] then
  return { err = 'BEHIND' }
end
redis.call('HSET', KEYS[2], ARGV[4], ARGV[7])
for i = 8, #ARGV do redis.call('HSET', KEYS[1], 's:' .. ARGV[i], '') end
if ARGV[5] ~= '' and redis.call('HEXISTS', KEYS[2], 'total') == 0 then
  if redis.call('HLEN', KEYS[2]) ~= tonumber(ARGV[5]) + 2 then return { err = 'BEHIND' } end
  redis.call('HSET', KEYS[2], 'total', ARGV[5])
end
return 1
`);

/**
 * Runs one chunk of the staged batch. KEYS: meta, staged, and every key that the chunk writes. ARGV: token, applied, id, number of the chunk.
 * Only the last chunk changes what is applied. Repeating a chunk that was run changes nothing.
 */
export const APPLY: Script = ownersScript(`${RUN}
if applied == ARGV[3] then return 1 end
if applied ~= ARGV[2] then return { err = 'BEHIND' } end
local id, total, next, packed, progress = unpack(redis.call('HMGET', KEYS[2], 'id', 'total', 'next', ARGV[4], 'progress'))
local chunk, first = tonumber(ARGV[4]), tonumber(next or 0)
if id ~= ARGV[3] or not total or chunk > first then return { err = 'BEHIND' } end
if chunk < first then return 1 end
run(packed)
if chunk + 1 < tonumber(total) then
  redis.call('HSET', KEYS[2], 'next', chunk + 1)
else
  redis.call('HSET', KEYS[1], 'applied', id, 'progress', progress)
  redis.call('UNLINK', KEYS[2])
end
return 1
`);

/** Writes a batch of one chunk without staging it. KEYS: meta, staged, and every key that it writes. ARGV: token, applied, id, progress, the chunk, its stores. */
export const COMMIT: Script = ownersScript(`${RUN}
if applied == ARGV[3] then return 1 end
if applied ~= ARGV[2] then return { err = 'BEHIND' } end
run(ARGV[5])
for i = 6, #ARGV do redis.call('HSET', KEYS[1], 's:' .. ARGV[i], '') end
redis.call('HSET', KEYS[1], 'applied', ARGV[3], 'progress', ARGV[4])
return 1
`);
