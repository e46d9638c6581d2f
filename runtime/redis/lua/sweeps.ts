import { ownersScript, type Script } from './script.js';

/** Runs a chunk of writes that are of no batch: applied id and progress stay. KEYS: meta, staged, and every key that it writes. ARGV: token, '', the chunk. */
export const SWEEP: Script = ownersScript(`
for _, command in ipairs(cmsgpack.unpack(ARGV[3])) do redis.call(unpack(command)) end
return 1
`);

/** Puts a chunk of the staged batch in the place of the same one, if that batch is the one that is meant. KEYS: meta, staged. ARGV: token, '', id, number of the chunk, the chunk. */
export const RESTAGE: Script = ownersScript(`
if redis.call('HGET', KEYS[2], 'id') ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[2], ARGV[4], ARGV[5])
return 1
`);
