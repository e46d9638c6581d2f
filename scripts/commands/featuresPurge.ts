/** `skillforge features purge`. */
import type { Command } from 'commander';
import { entityOf, entityOption, onFeatureStore, withFeatureStore, type FeatureStoreOptions } from './featureStoreOptions.js';
import { plainCommand, regionOption, type PlainOptions } from './options.js';
import { print, printJson } from './output.js';

interface PurgeOptions extends PlainOptions, FeatureStoreOptions {
  readonly entity: readonly string[];
}

const DESCRIPTION = `Deletes everything that Feast's online store has of an entity, all views at once: what the stream wrote, and what Feast did.
It does not look into topics or files: a projection with --from-start, or Feast, would write again what these still hold.`;

/** Purges an entity. */
export function featuresPurgeCommand(): Command {
  const command = plainCommand('purge', "delete an entity from Feast's online store", DESCRIPTION, [
    'skillforge features purge --entity learner=ada --feature-store redis://localhost:6379',
  ])
    .addOption(entityOption())
    .addOption(regionOption());
  return withFeatureStore(command).action(purge);
}

async function purge(options: PurgeOptions): Promise<void> {
  const entity = entityOf(options.entity);
  const purged = await onFeatureStore(options, (store) => store.purge(entity));
  if (options.json) printJson({ entity, purged });
  else print(purged ? 'purged' : 'there was nothing');
}
