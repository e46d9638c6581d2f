/** Writes `ml/feast/views.json`, what Feast's repository is made of, from the declaration: `tsx scripts/featureStore/viewsFile.ts [--check]`. */
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import {
  ENTITIES,
  batchViews,
  featureServices,
  streamViews,
  type BatchView,
  type FeatureView,
  type StoredFeature,
} from '../../operators/featureViews/index.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { writtenByProgram } from '../writtenFile.js';

/** Where the file lies. */
export const viewsFilePath = (): string => join(packageRoot(), 'ml', 'feast', 'views.json');

const fallbacks = new Map(itemFeatures.declarations.map(({ name, fallback }) => [name, fallback]));
const streamed: ReadonlySet<FeatureView> = new Set(streamViews);

/** The features of views that the ranker has, too: they have the same name. */
export const rankedFeatures = (views: readonly FeatureView[]): StoredFeature[] =>
  views.flatMap(({ features }) => features.filter(({ name }) => fallbacks.has(name)));

/** The files of a view, below the folder of features: one that is exported, or one for each day that a batch job wrote. */
export const sourceOf = (view: FeatureView): string => (streamed.has(view) ? `stream/${view.name}.parquet` : `${view.name}/*/*.parquet`);

/** The content of the file. */
export function viewsFile(): string {
  const views = [...streamViews, ...batchViews].map((view: FeatureView | BatchView) => {
    const { name, description, entities, ttlMs, features } = view;
    const described = features.map((one) => ({
      name: one.name,
      type: one.type,
      description: one.description,
      fallback: (streamed.has(view) ? fallbacks.get(one.name) : undefined) ?? null,
      ...('personal' in one ? { unit: one.unit, window: one.window, default: one.fallback, personal: one.personal } : {}),
    }));
    return { name, description, origin: streamed.has(view) ? 'stream' : 'batch', source: sourceOf(view), entities, ttlMs, features: described };
  });
  const services = featureServices.map(({ name, description, views: members }) => ({ name, description, views: members.map((one) => one.name) }));
  return `${JSON.stringify({ entities: ENTITIES, views, services }, null, 2).replace(TEXT_LIST, inOneLine)}\n`;
}

/** A list of texts, as `JSON.stringify` lays it out; the formatter has it in one line. */
const TEXT_LIST = /\[\s+"[^[\]{}]*\]/g;
const inOneLine = (list: string): string => JSON.stringify(JSON.parse(list)).replaceAll(',', ', ');

await writtenByProgram(import.meta.url, viewsFilePath(), viewsFile, 'tsx scripts/featureStore/viewsFile.ts');
