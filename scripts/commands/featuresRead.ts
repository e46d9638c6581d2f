/** `skillforge features read`. */
import type { Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import { batchViews, streamViews, type FeatureValue, type FeatureView } from '../../operators/featureViews/index.js';
import type { FoundRow } from '../../runtime/feast/index.js';
import { entityOf, entityOption, onFeatureStore, withFeatureStore, type FeatureStoreOptions } from './featureStoreOptions.js';
import { plainCommand, regionOption, wholeNumber, type PlainOptions } from './options.js';
import { print, printJson, secondsText, tableText, timeText } from './output.js';

interface ReadOptions extends PlainOptions, FeatureStoreOptions {
  readonly view: string;
  readonly entity: readonly string[];
  readonly at?: number;
}

const DESCRIPTION = `Prints the row of a view from Feast's online store, whoever wrote it: the stream, or Feast from what a batch job made. The view
has to be declared here (operators/featureViews). A row is older than the ttl of its view: expired, and its values are not shown, which
Feast itself does not look at. A feature is empty where the row has no value, missing where the row has none of that name.`;

/** Reads a row. */
export function featuresReadCommand(): Command {
  const command = plainCommand('read', "print the row of a view from Feast's online store", DESCRIPTION, [
    'skillforge features read --view learner_engagement --entity learner=ada --feature-store redis://localhost:6379',
    'skillforge features read --view cohort_item --entity cohort=AAA-2014J item=AAA-quiz-1 --feature-store redis://localhost:6379 --json',
  ])
    .requiredOption('--view <name>', 'view of features')
    .addOption(entityOption())
    .option('--at <ms>', 'event time to which the age of the row counts, in ms since epoch; now by default', wholeNumber(0))
    .addOption(regionOption());
  return withFeatureStore(command).action(read);
}

async function read(options: ReadOptions): Promise<void> {
  const view = viewNamed(options.view);
  const entity = entityOf(options.entity);
  const atMs = options.at ?? Date.now();
  const row = await onFeatureStore(options, (store) => store.read(view, entity, atMs));
  if (options.json) printJson({ view: view.name, entity, ...row });
  else print(rowText(view, row, atMs));
}

function viewNamed(name: string): FeatureView {
  const views = [...streamViews, ...batchViews];
  const found = views.find((view) => view.name === name);
  if (found !== undefined) return found;
  const known = views.map((view) => view.name).join(', ');
  throw new SkillForgeError('SFS_FEATURE_VIEW_UNKNOWN', `there is no view ${name}; known are ${known}`, { context: { view: name } });
}

function rowText({ name, features }: FeatureView, { state, eventTimeMs, values }: FoundRow, atMs: number): string {
  if (eventTimeMs === null) return `${name}: missing`;
  const age = `${timeText(eventTimeMs)}, ${secondsText(Math.max(0, atMs - eventTimeMs) / 1000)} old`;
  if (state === 'expired') return `${name}: expired (${age})`;
  const rows = features.map((feature) => [feature.name, feature.type, feature.name in values ? valueText(values[feature.name]!) : 'missing']);
  return `${name}: ${age}\n${tableText(['feature', 'type', 'value'], rows)}`;
}

function valueText(value: FeatureValue): string {
  if (value === null) return 'empty';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value);
}
