import { FolderRegistry } from './folderRegistry.js';
import { MlflowRegistry } from './mlflowRegistry.js';
import type { ModelRegistry } from './modelRegistry.js';

/** The model that the recommender decides with, as registries call it. */
export const RECOMMENDER = 'recommender';

/** A registry by its place: an MLflow server by its address (`http://`, `https://`), else a folder, which need not exist. Nothing is asked yet. */
export function openRegistry(place: string, name = RECOMMENDER): ModelRegistry {
  return /^https?:\/\//.test(place) ? new MlflowRegistry(place, name) : new FolderRegistry(place, name);
}
