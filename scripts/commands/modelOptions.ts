/** The option that names models, and the models that it names. */
import { join } from 'node:path';
import { Option } from 'commander';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { ModelObserver } from '../../runtime/models/following/modelEvents.js';
import { tellModelEvents } from './modelEventLines.js';
import { registryPlace } from './modelRegistryOptions.js';
import { DEFAULT_FOLDER } from './options.js';

/** Where bundles of a followed registry are kept, in the data folder. */
export const CACHE_FOLDER = 'model-cache';

/** What a command that may decide with models is told. */
export interface ModelsOptions {
  readonly region: string;
  /** A folder that is a model bundle, or has some as sub-folders; or a registry that is followed. */
  readonly models?: string;
}

/** Beside that, where a registry is followed. */
export interface FollowingOptions extends ModelsOptions {
  /** Holds the registry where no other place is named, and the cache. */
  readonly data?: string;
  readonly json?: true;
}

/** `--models`, by default from the environment. */
export function modelsOption(): Option {
  return new Option(
    '--models <which>',
    'models to decide with: a bundle, or a folder of bundles, of which a decision takes the newest trained before it; or "registry", or registry:<place>, to follow what is production there, in a folder or on an MLflow server; without it a formula decides',
  ).env('SKILLFORGE_MODELS');
}

/**
 * The place of the registry that `--models` says is followed; `null` where it names a folder of bundles. Without a place it is that of the "model"
 * commands.
 */
export function followedPlace({ models, data = DEFAULT_FOLDER }: FollowingOptions): string | null {
  const followed = /^registry(?::(.+))?$/.exec(models ?? '');
  if (followed === null) return null;
  const modelRegistry = followed[1] ?? process.env['SKILLFORGE_MODEL_REGISTRY'];
  return registryPlace(modelRegistry === undefined ? { data } : { data, modelRegistry });
}

/**
 * Does something with the models that options name, or with none, and closes them.
 * @param onEvent - sees what happens to models that are followed, beside the lines that tell it
 * @throws SFS_MODEL_MISSING, SFS_MODEL_DAMAGED, SFS_MODEL_REGION, SFS_MODEL_FEATURES, and what `work` throws
 */
export async function withModels<T>(options: FollowingOptions, work: (models: RunModels | null) => Promise<T>, onEvent?: ModelObserver): Promise<T> {
  const { region, models: folder, data = DEFAULT_FOLDER, json = false } = options;
  if (folder === undefined) return work(null);
  const place = followedPlace(options);
  const { openModels, openRegistry, followAlias } = await import('../../runtime/models/index.js');
  if (place === null) {
    await using models = await openModels(folder, { region });
    return await work(models);
  }
  const tell = tellModelEvents(json);
  await using models = await followAlias({
    registry: openRegistry(place),
    cacheFolder: join(data, CACHE_FOLDER),
    region,
    onEvent: (event) => {
      tell(event);
      onEvent?.(event);
    },
  });
  return await work(models);
}
