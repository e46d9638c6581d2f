/** `skillforge model show`. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { readBundle, readBundles, type Bundle } from '../../runtime/models/bundle.js';
import type { AliasChange, RegisteredVersion } from '../../runtime/models/registry/index.js';
import { isVersionNumber } from '../../runtime/models/registry/versionNames.js';
import { withBundleOf } from '../models/lentBundle.js';
import { openedRegistry, registryCommand, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { changeText, checksText, gateChecks, versionsText } from './modelText.js';
import type { PlainOptions } from './options.js';
import { bytesText, countedText, print, printJson, printable, tableText, timeText } from './output.js';

const DESCRIPTION = `Shows a version of a registry, by its number, or the model bundles of a folder, oldest training first: reads every file, compares it with its
SHA-256, and prints what the manifest says, what training measured, and the model card; of a version also its tags, what its gates said, and when it was
production. It does not load the rankers.`;

/** Shows a version, or what a folder of models holds. */
export function modelShowCommand(): Command {
  return registryCommand('show <which>', 'verify a version or model bundles, and show what they say of themselves', DESCRIPTION, [
    'skillforge model show 3',
    'skillforge model show ./models',
    'skillforge model show ./models --json',
  ]).action(show);
}

async function show(which: string, options: ModelRegistryOptions): Promise<void> {
  if (isVersionNumber(which) && !existsSync(which)) return showVersion(which, options);
  showFolder(which, options);
}

function showFolder(folder: string, { json }: PlainOptions): void {
  const bundles = readBundles(folder);
  if (json) printJson({ bundles: bundles.map((bundle) => ({ folder: bundle.folder, ...bundle.manifest, verified: true, card: cardOf(bundle) })) });
  else print(bundles.map(bundleText).join('\n\n'));
}

function bundleText(bundle: Bundle): string {
  const { folder, manifest } = bundle;
  const { name, version, region, featureSet, trainedFromMs, trainedUntilMs, dataHash, metrics, opset, libraries, files } = manifest;
  const facts = [
    ['region', region],
    ['trained on', `${timeText(trainedFromMs)} up to ${timeText(trainedUntilMs)}`],
    ['data', dataHash],
    [
      'rankers',
      featureSet === null
        ? 'none: the formula ranks'
        : `${countedText(featureSet.columns.length, 'feature')} of ${featureSet.id}, opset ${opset ?? 'unknown'}`,
    ],
    [
      'libraries',
      Object.entries(libraries)
        .map(([library, of]) => `${library} ${of}`)
        .join(', '),
    ],
    ...metricRows(metrics),
  ];
  const rows = Object.entries(files).map(([file, digest]) => [file, bytesText(bundle.file(file)!.length), digest]);
  const card = cardOf(bundle);
  return [
    printable(`${name}@${version}, in ${folder}: ${countedText(rows.length, 'file')}, all as their digests say`),
    ...facts.map(([what, value]) => printable(`  ${`${what!}:`.padEnd(14)} ${value!}`)),
    '',
    tableText(['file', 'size', 'sha256'], rows),
    ...(card === null ? [] : ['', card.split('\n').map(printable).join('\n').trimEnd()]),
  ].join('\n');
}

/** Groups of metrics have a line each. */
function metricRows(metrics: Bundle['manifest']['metrics']): string[][] {
  const flat = (prefix: string, value: unknown): string[][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, inner]) => flat(`${prefix} ${name}`, inner))
      : [[prefix, value === null ? 'none' : valueText(value)]];
  return Object.entries(metrics).flatMap(([name, value]) => flat(name, value));
}

const valueText = (value: unknown): string => (typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(4) : String(value));

const cardOf = (bundle: Bundle): string | null => bundle.file('model-card.md')?.toString('utf8') ?? null;

/** A version with its bundle, which is copied for that. */
async function showVersion(number: string, options: ModelRegistryOptions): Promise<void> {
  const registry = openedRegistry(options);
  const version = await registry.version(number);
  await withBundleOf(registry, number, async (folder) => {
    const bundle = readBundle(folder);
    const moves = [...(await registry.history('staging')), ...(await registry.history('production'))].filter(
      (change) => change.number === number || change.previous === number,
    );
    if (options.json) printJson({ version, bundle: { ...bundle.manifest, verified: true, card: cardOf(bundle) }, moves });
    else print(versionText(version, { ...bundle, folder: registry.place }, moves));
  });
}

function versionText(version: RegisteredVersion, bundle: Bundle, moves: readonly AliasChange[]): string {
  const history = moves.map(changeText).join('\n');
  return [versionsText([version]), tagsText(version), checksText(gateChecks(version)), bundleText(bundle), history]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Reports have tables of their own. */
const tagsText = ({ tags }: RegisteredVersion): string =>
  tableText(
    ['tag', 'value'],
    Object.entries(tags)
      .filter(([name]) => !name.endsWith('.report'))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => [name, value]),
  );
