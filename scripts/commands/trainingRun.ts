/** `skillforge training run`. */
import { Option, type Command } from 'commander';
import { openRegistry, type ModelRegistry } from '../../runtime/models/registry/index.js';
import { runTraining, type ListQuality, type TrainedRun } from '../ml/pipeline.js';
import { withBundleOf } from '../models/lentBundle.js';
import { usageError } from './failures.js';
import { registryCommand, registryPlace, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { wholeNumber } from './options.js';
import { print, printJson, tableText } from './output.js';
import { reportText, withExportOptions, type ExportOptions } from './trainingValidate.js';

interface RunOptions extends ExportOptions, ModelRegistryOptions {
  readonly out: string;
  readonly trackingUri?: string;
  readonly seed?: number;
  readonly trees?: number;
}

const DESCRIPTION = `Takes all steps from an export to a registered version: validates the export, and refuses it where it may not be trained on (SFS_TRAINING_DATA); trains what finds candidates,
then the rankers; measures them on decisions that came after; writes the complete model card; registers the bundle. The folder of the run holds it all.

With --tracking-uri the run is logged to MLflow (parameters, hashes of the data, metrics, model card, bundle) and registered there; without, the registry gets the
bundle alone. The same export, instant and settings give the same bundle, and a bundle that is registered already is not registered again: a run
can be repeated. Serving does not change: see "skillforge model gate" and "skillforge model promote".

Needs the Python packages of "npm run ml:setup -- trainer", with --tracking-uri those of "npm run ml:setup -- operations".`;

/** Trains and registers. */
export function trainingRunCommand(): Command {
  return withExportOptions(
    registryCommand('run', 'train on an export, and register the model', DESCRIPTION, [
      'skillforge training run --export ./training --until 1417392000000 --out ./runs/2014-12-01',
      'skillforge training run --export ./training --until 1417392000000 --out ./runs/2014-12-01 --tracking-uri http://127.0.0.1:5000',
    ]),
  )
    .requiredOption('--out <dir>', 'folder of the run; it appears when it is whole, and replaces an earlier run')
    .addOption(new Option('--tracking-uri <url>', 'MLflow that the run is logged to and registered in').env('MLFLOW_TRACKING_URI'))
    .option('--seed <n>', 'seed of what is drawn', wholeNumber(0))
    .option('--trees <n>', 'trees of each ranker; by default as many as are best on the latest decisions', wholeNumber(1))
    .action(run);
}

/** A run whose bundle is registered. */
interface RegisteredRun extends TrainedRun {
  readonly place: string;
  readonly number: string;
}

async function run(options: RunOptions): Promise<void> {
  const registry = openRegistry(placeOf(options));
  const trained = await withChampion(registry, (champion) => train(options, champion));
  const number = trained.registered?.number ?? (await registry.register(trained.bundle, trained.tags)).number;
  const summary: RegisteredRun = { ...trained, place: registry.place, number };
  if (options.json) printJson({ summary });
  else print(runText(summary));
}

/** Where versions go. */
function placeOf(options: RunOptions): string {
  const { trackingUri, modelRegistry } = options;
  if (trackingUri === undefined) return registryPlace(options);
  if (modelRegistry === undefined || isSameAddress(trackingUri, modelRegistry)) return trackingUri;
  throw usageError(`--tracking-uri ${trackingUri} registers there, and --model-registry names another place: ${modelRegistry}`);
}

const isSameAddress = (one: string, other: string): boolean => one.replace(/\/+$/, '') === other.replace(/\/+$/, '');

function train(options: RunOptions, champion: string | undefined): Promise<TrainedRun> {
  const { export: exported, region, until: untilMs, out, previous, accept: accepted = [], seed, trees, trackingUri, json } = options;
  const tell = json ? undefined : (line: string): void => void process.stderr.write(`${line}\n`);
  return runTraining({ exported, region, untilMs, out, previous, champion, accepted, seed, trees, trackingUri }, tell);
}

/** Lends a copy of the bundle that decides today; `undefined` where none does. */
async function withChampion<T>(registry: ModelRegistry, work: (bundle: string | undefined) => Promise<T>): Promise<T> {
  const champion = await registry.at('production');
  return champion === null ? work(undefined) : withBundleOf(registry, champion.number, work);
}

function runText({ out, version, place, number, validation, evaluation }: RegisteredRun): string {
  return [
    `${out}: bundle ${version} is version ${number} in ${place}`,
    '',
    reportText(validation),
    '',
    tableText(
      ['list', 'measured', 'decisions', 'NDCG@10', 'by popularity'],
      [...qualityRows('without the last days', evaluation.training, 'heldOut'), ...qualityRows('after training', evaluation.after, 'decisions')],
    ),
  ].join('\n');
}

function qualityRows(what: string, lists: Readonly<Record<string, ListQuality>>, count: string): string[][] {
  const figure = (value: number | null | undefined): string => value?.toFixed(4) ?? 'none';
  return Object.entries(lists).map(([list, found]) => [
    list,
    what,
    String(found?.[count] ?? 0),
    figure(found?.['ndcg@10']),
    figure(found?.['popularity']),
  ]);
}
