import type { StateSize } from '../ports.js';
import type { RedisConnection } from './connection.js';
import { SIZE } from './lua/reads.js';
import type { TaskKeys } from './taskKeys.js';

/** Rows of a key that are looked at for its size: the error of the mean is a seventh of the spread of rows. */
const SAMPLES = 50;
const STORE = 's:';

/**
 * What a task takes in Redis, for who looks without a claim: rows and timers as they are, bytes by samples of each key. The work does not grow with the state.
 * @throws SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED
 */
export async function stateSize(connection: RedisConnection, keys: TaskKeys): Promise<StateSize> {
  const fields = (await connection.command('HKEYS', [keys.meta], keys.task)) as Buffer[];
  const stores = fields.map(String).filter((field) => field.startsWith(STORE));
  const all = [keys.meta, keys.staged, keys.queue, keys.payloads, ...stores.map((field) => keys.store(field.slice(STORE.length)))];
  const [rows, timers, bytes] = (await connection.run(SIZE, keys.task, all, [SAMPLES])) as [number, number, number];
  return { rows, timers, bytes };
}
