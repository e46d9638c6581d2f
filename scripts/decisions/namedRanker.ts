/** Finds the ranker that a decision names. */
import { formulaRanker } from '../../operators/recommend/formulaRanker.js';
import type { Ranker } from '../../operators/ports/ranker.js';
import { SkillForgeError } from '../../schemas/index.js';
import { openModels, type ModelRegistry } from '../../runtime/models/index.js';
import { withBundleOf } from '../models/lentBundle.js';

/**
 * Lends the ranker of a model by its version, as records tell it: the formula, or a bundle that the registry keeps, verified against its digests.
 *
 * @param version - such as `formula-2`, `recommender@0123456789ab`, or both with `+` where a bundle has no rankers
 * @throws SFS_MODEL_MISSING where the registry has no such version; what fetching and opening throw, and what `work` throws
 */
export async function withRanker<T>(version: string, registry: ModelRegistry, region: string, work: (ranker: Ranker) => T): Promise<T> {
  const name = version.split('+')[0]!;
  if (name === formulaRanker.version) return work(formulaRanker);
  const bundle = name.slice(name.lastIndexOf('@') + 1);
  const registered = (await registry.versions()).find(({ bundleVersion }) => bundleVersion === bundle);
  if (registered === undefined) throw missing(version, registry);
  return withBundleOf(registry, registered.number, async (folder) => {
    await using models = await openModels(folder, { region });
    const { ranker } = models.at(models.manifests[0]!.trainedUntilMs);
    if (ranker.version !== name) throw missing(version, registry);
    return work(ranker);
  });
}

const missing = (version: string, { place }: ModelRegistry): SkillForgeError =>
  new SkillForgeError('SFS_MODEL_MISSING', `${place} keeps no version ${version}`, { context: { model: version, place } });
