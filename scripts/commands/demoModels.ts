/** What `skillforge start` decides with: models that are named, else the one that ships with this package. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { ModelObserver } from '../../runtime/models/following/modelEvents.js';
import type { ModelFolder } from '../../runtime/models/index.js';
import { errorCodeOf, packageRoot, type SkillForgeError } from '../../schemas/index.js';
import { followedPlace, withModels, type FollowingOptions } from './modelOptions.js';

/** Folder of the bundle, which `npm run demo:model` makes. */
export const demoModel = join(packageRoot(), 'models', 'demo');

/** Models, and how they are called. */
export interface StartModels {
  /** `null`: the formula. */
  readonly models: RunModels | null;
  /** Such as `the demo model`. */
  readonly ranking: string;
}

/**
 * Does something with the models that options name, else with the demo model where it fits, and closes them.
 * @throws as {@link withModels}
 */
export async function withModelsOrDemo<T>(options: FollowingOptions, work: (models: StartModels) => Promise<T>, onEvent?: ModelObserver): Promise<T> {
  const { region, models: folder } = options;
  const place = followedPlace(options);
  const ranking = place === null ? `the models in ${folder}` : `what is production in ${place}`;
  if (folder !== undefined) return withModels(options, (models) => work({ models, ranking }), onEvent);
  const models = await openDemo(region);
  if (typeof models === 'string') return work({ models: null, ranking: `the formula: ${models}` });
  try {
    return await work({ models, ranking: 'the demo model' });
  } finally {
    await models.close();
  }
}

/** The demo model, or why it does not decide in a region. */
async function openDemo(region: string): Promise<ModelFolder | string> {
  if (!existsSync(demoModel)) return 'the demo model is not there';
  const { openModels } = await import('../../runtime/models/index.js');
  return openModels(demoModel, { region }).catch((error: unknown) => {
    if (errorCodeOf(error) === 'SFS_MODEL_REGION') return `the demo model is for region ${String((error as SkillForgeError).context['model'])}`;
    if (errorCodeOf(error) === 'SFS_MODEL_FEATURES') return 'the demo model was trained on other features';
    throw error;
  });
}
