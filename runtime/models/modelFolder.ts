import { join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import type { FeatureSet } from '../../operators/features/declarations.js';
import { itemFeatures } from '../../operators/features/itemFeatures.js';
import { formulaModels } from '../../operators/recommend/formulaModels.js';
import type { Model, Models } from '../../operators/ports/models.js';
import type { Retrieval } from '../../operators/ports/retrieval.js';
import { MANIFEST, jsonOf, readBundles, type Bundle } from './bundle.js';
import { readContributions, type Contributions } from './contributions.js';
import { readCovisits } from './covisits.js';
import { readEmbeddings } from './embeddings.js';
import { readFactors } from './itemFactors.js';
import { damaged, type Manifest } from './manifest.js';
import { OnnxRanker } from './onnxRanker.js';
import { readReference, type Reference } from './reference.js';
import { ScoringThread } from './scoringThread.js';
import { readSegments } from './segments.js';
import type { OnnxPair } from './scoringMemory.js';

/** What a folder of models is opened for. */
export interface ModelOptions {
  /** Region of the run: models of another one are refused. */
  readonly region: string;
  /** The features that rankers must have been trained on; those of this version by default. */
  readonly featureSet?: FeatureSet;
  /** What decides before the first bundle, and ranks for bundles without rankers; the formula by default. */
  readonly fallback?: Models;
}

/** The models of a folder, oldest first. Whoever opened it closes it. */
export interface ModelFolder extends Models {
  /** What each bundle says of itself, in the order of their training. */
  readonly manifests: readonly Manifest[];
  /** Ends the thread that scores. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a folder that is a model bundle, or has some as sub-folders: reads and verifies every file, and starts the thread that scores where there
 * are rankers. What it gives is synchronous, and changes no more: bundles that come later are for the next run.
 *
 * @throws SFS_MODEL_MISSING, SFS_MODEL_DAMAGED; SFS_MODEL_REGION and SFS_MODEL_FEATURES where a bundle is for another region or other features
 */
export async function openModels(folder: string, options: ModelOptions): Promise<ModelFolder> {
  const { region, featureSet = itemFeatures, fallback = formulaModels } = options;
  const bundles = readBundles(folder);
  for (const bundle of bundles) assertFits(bundle, region, featureSet);
  const rankers = bundles.map((bundle) => rankersOf(bundle, featureSet));
  const pairs = rankers.flatMap((one) => one?.pair ?? []);
  const retrievals = await Promise.all(bundles.map(retrievalOf));
  const thread = pairs.length === 0 ? null : await ScoringThread.open(pairs);
  const models = bundles.map((bundle, at) => {
    const trained = rankers[at];
    const ranker = trained
      ? new OnnxRanker(versionOf(bundle), featureSet, { thread: thread!, pair: pairs.indexOf(trained.pair) }, trained.explain, trained.reference)
      : null;
    return { fromMs: bundle.manifest.trainedUntilMs, model: modelOf(bundle, retrievals[at]!, ranker, fallback) };
  });
  const close = (): Promise<void> => thread?.close() ?? Promise.resolve();
  return {
    manifests: bundles.map(({ manifest }) => manifest),
    at: (timeMs) => models.findLast(({ fromMs }) => fromMs <= timeMs)?.model ?? fallback.at(timeMs),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function retrievalOf(bundle: Bundle): Promise<Retrieval> {
  return { factors: readFactors(bundle), embeddings: await readEmbeddings(bundle), covisits: readCovisits(bundle) };
}

const versionOf = ({ manifest: { name, version } }: Bundle): string => `${name}@${version}`;

/** The fallback is asked for the time of training: a formula is the same at all times. */
function modelOf(bundle: Bundle, retrieval: Retrieval, ranker: OnnxRanker | null, fallback: Models): Model {
  const segments = readSegments(bundle);
  if (ranker !== null) return { version: ranker.version, ranker, retrieval, segments };
  const instead = fallback.at(bundle.manifest.trainedUntilMs).ranker;
  return { version: `${instead.version}+${versionOf(bundle)}`, ranker: instead, retrieval, segments };
}

interface Trained {
  readonly pair: OnnxPair;
  readonly explain: Readonly<Record<'next' | 'new', Contributions>>;
  readonly reference: Reference | null;
}

/** A bundle has both rankers with their trees, or none. @throws SFS_MODEL_DAMAGED */
function rankersOf(bundle: Bundle, featureSet: FeatureSet): Trained | null {
  const { folder, manifest } = bundle;
  const [next, fresh] = [bundle.file('ranker-next.onnx'), bundle.file('ranker-new.onnx')];
  if (next === null && fresh === null && manifest.featureSet === null) return null;
  if (next === null || fresh === null || manifest.featureSet === null)
    throw damaged(join(folder, MANIFEST), 'it names one of two rankers, or rankers without their features');
  const columns = featureSet.declarations.length;
  const explain = (name: string): Contributions => readContributions(join(folder, name), jsonOf(bundle, name), columns);
  const pair = { folder, next, new: fresh, columns };
  const reference = readReference(bundle, manifest.featureSet.columns);
  return { pair, explain: { next: explain('trees-next.json'), new: explain('trees-new.json') }, reference };
}

function assertFits({ folder, manifest }: Bundle, region: string, featureSet: FeatureSet): void {
  if (manifest.region !== region) {
    throw new SkillForgeError('SFS_MODEL_REGION', `the model in ${folder} is for region ${manifest.region}, and this run is in ${region}`, {
      context: { folder, model: manifest.region, region },
    });
  }
  const trained = manifest.featureSet;
  if (trained === null || trained.id === featureSet.id) return;
  const names = featureSet.declarations.map(({ name }) => name);
  const at = names.findIndex((name, column) => trained.columns[column] !== name);
  const where =
    at < 0 ? 'the declarations of some differ' : `the first that differs is column ${at}, ${trained.columns[at] ?? 'none'} instead of ${names[at]!}`;
  throw new SkillForgeError(
    'SFS_MODEL_FEATURES',
    `the model in ${folder} was trained on ${trained.id}, and this version has ${featureSet.id}: ${where}`,
    {
      context: { folder, model: trained.id, featureSet: featureSet.id },
    },
  );
}
