/** Where the register of homes is: a folder of this machine, or a Redis. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HOMES_FILE, openHomeRegister, type HomeRegister } from '../../gateway/index.js';
import { errorCodeOf } from '../../schemas/index.js';
import { openSharedHomes, type SharedHomeRegister, type SharedHomesPlace } from './sharedHomes.js';

/** A folder, or a server. */
export type HomesPlace = string | SharedHomesPlace;

/** Tells it from another one. */
export const homesName = (place: HomesPlace): string => (typeof place === 'string' ? resolve(place) : place.name);

/** Whether there is a register as far as can be told without asking a server. */
export const holdsHomes = (place: HomesPlace): boolean => existsSync(typeof place === 'string' ? join(place, HOMES_FILE) : place.keyFile);

/** Does something with a register. @param gateway - what tells the gateway that makes batches with it from others @throws SFS_GATEWAY_STORE, SFS_HOMES_UNAVAILABLE, SFS_HOMES_KEY, and what `work` throws */
export function onHomes<T>(place: HomesPlace, work: (homes: HomeRegister) => Promise<T>, gateway?: string): Promise<T> {
  return typeof place === 'string' ? closing(openHomeRegister(place), work) : closing(openSharedHomes(place, gateway), work);
}

/**
 * Asks a register once, for a gateway that starts: one that will never let it in is told then, and not with each batch. One that is away may come back.
 * @throws SFS_HOMES_KEY, SFS_STATE_REFUSED, SFS_GATEWAY_STORE
 */
export async function assertLetIn(homes: Pick<HomeRegister, 'find'>): Promise<void> {
  try {
    // Nobody has this identity.
    await homes.find('');
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_HOMES_UNAVAILABLE') throw error;
    const { cause } = error as Error;
    if (errorCodeOf(cause) === 'SFS_STATE_REFUSED') throw cause;
  }
}

/** As {@link onHomes}, for who moves somebody between servers. */
export const onSharedHomes = <T>(place: SharedHomesPlace, work: (homes: SharedHomeRegister) => Promise<T>): Promise<T> =>
  closing(openSharedHomes(place), work);

async function closing<H extends HomeRegister, T>(homes: H, work: (homes: H) => Promise<T>): Promise<T> {
  try {
    return await work(homes);
  } finally {
    await homes.close();
  }
}
