/** Where the register of homes is: a folder of this machine, or a Redis. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { HOMES_FILE, openHomeRegister, type HomeRegister } from '../../gateway/index.js';
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
