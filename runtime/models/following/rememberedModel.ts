/** What a registry said last, beside the bundles of a cache: a run begins with it while the registry is away. */
import { join } from 'node:path';
import type { ModelRef } from '../../engine/followedModels.js';
import { remember, remembered } from '../../remembered.js';
import type { Alias, ModelRegistry } from '../registry/index.js';

/** What is remembered: where an alias pointed to, or what a number stood for. */
export type Remembered = Alias | `version-${string}`;

/** Whose memory it is. */
export interface Followed {
  readonly registry: Pick<ModelRegistry, 'place' | 'name'>;
  readonly alias: Remembered;
  readonly cacheFolder: string;
}

/** `null` where nothing is remembered of this registry. */
export function rememberedModel(followed: Followed): ModelRef | null {
  const found = remembered<ModelRef>(fileOf(followed), followed.registry.place);
  return found === null ? null : { number: found.number, digest: found.digest };
}

/** Remembers a version, where the cache can be written. */
export function rememberModel(followed: Followed, { number, digest }: ModelRef): void {
  remember(fileOf(followed), followed.registry.place, { number, digest });
}

const fileOf = ({ registry, alias, cacheFolder }: Followed): string => join(cacheFolder, `${registry.name}.${alias}.json`);
