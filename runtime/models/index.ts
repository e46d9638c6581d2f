/**
 * Models at run time.
 *
 * @example
 * await using models = await openModels('./models', { region: 'eu-west' });
 * const worker = new Worker([recommendations], storage, { region: 'eu-west', mode: 'follow', models });
 */
export { readBundle, type Bundle } from './bundle.js';
export { AliasFollower, followAlias, type FollowOptions } from './following/aliasFollower.js';
export type { ModelEvent, ModelObserver } from './following/modelEvents.js';
export type { Manifest } from './manifest.js';
export { openModels, type ModelFolder, type ModelOptions } from './modelFolder.js';
export {
  ALIASES,
  RECOMMENDER,
  openRegistry,
  type Alias,
  type AliasChange,
  type ModelRegistry,
  type MoveReason,
  type RegisteredVersion,
} from './registry/index.js';
