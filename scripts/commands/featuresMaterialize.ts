/** `skillforge features materialize`. */
import type { Command } from 'commander';
import { feastProjectOf } from '../../runtime/feast/feastStore.js';
import { runPython } from '../ml/python.js';
import { usageError } from './failures.js';
import { withFeatureStore, type FeatureStoreOptions } from './featureStoreOptions.js';
import { plainCommand, regionOption, wholeNumber, type PlainOptions } from './options.js';
import { print, printJson, timeText } from './output.js';

interface MaterializeOptions extends PlainOptions, FeatureStoreOptions {
  readonly features: string;
  readonly from: number;
  readonly until: number;
}

const DESCRIPTION = `Writes the newest row of each entity, of the views that batch jobs make, into Feast's online store: rows with an event time from --from to --until, both
included. What is there and newer stays; the same again changes nothing. It needs the Python packages of "npm run ml:setup -- operations".`;

/** Puts batch features where serving reads them. */
export function featuresMaterializeCommand(): Command {
  const command = plainCommand('materialize', 'put batch features into the online store', DESCRIPTION, [
    'skillforge features materialize --features ./features --from 1757808000000 --until 1757894400000 --feature-store redis://localhost:6379',
  ]);
  return withFeatureStore(command)
    .addOption(regionOption())
    .requiredOption('--features <dir>', 'folder of features, where "batch run" wrote')
    .requiredOption('--from <ms>', 'first event time, in ms since epoch', wholeNumber(0))
    .requiredOption('--until <ms>', 'last event time, in ms since epoch', wholeNumber(0))
    .action(materialize);
}

async function materialize({ features, from, until, region, project, featureStore, json }: MaterializeOptions): Promise<void> {
  const store = ['--project', project ?? feastProjectOf(region), '--redis', feastAddress(featureStore)];
  const period = ['--from', String(from), '--until', String(until)];
  const done = JSON.parse(
    await runPython('operations', ['-m', 'skillforge_features', 'materialize', '--features', features, ...store, ...period]),
  ) as {
    readonly views: readonly string[];
  };
  if (json) printJson({ summary: done });
  else print(`${done.views.join(', ')}: rows from ${timeText(from)} to ${timeText(until)} are in the online store`);
}

/** A `redis://` address as Feast writes it. @throws SFS_USAGE */
function feastAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || url.hostname === '')
    throw usageError(`--feature-store ${address}: materializing needs one address, such as redis://localhost:6379`);
  const settings = url.password === '' ? [] : [`password=${decodeURIComponent(url.password)}`];
  return [`${url.hostname}:${url.port === '' ? '6379' : url.port}`, ...settings].join(',');
}
