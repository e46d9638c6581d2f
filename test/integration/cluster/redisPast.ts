/** Takes Redis back to an earlier state, as a failover that loses acknowledged writes does. */
import type { Redis } from 'ioredis';

/** All keys with their values, and those put back in their place, each in one step. */
const TAKE = `local all = {} for _, key in ipairs(redis.call('KEYS', ARGV[1])) do all[#all + 1] = key all[#all + 1] = redis.call('DUMP', key) end return all`;
const PUT_BACK = `for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end
for at = 2, #ARGV, 2 do redis.call('RESTORE', ARGV[at], 0, ARGV[at + 1]) end`;

/** What the keys of a region hold. @param keys - a pattern */
export const takeKeys = async (redis: Redis, keys: string): Promise<readonly Buffer[]> => (await redis.callBuffer('EVAL', TAKE, 0, keys)) as Buffer[];

/** Makes it so again. */
export async function putBackKeys(redis: Redis, keys: string, taken: readonly Buffer[]): Promise<void> {
  await redis.call('EVAL', PUT_BACK, 0, keys, ...taken);
}
