/** `skillforge model list`. */
import type { Command } from 'commander';
import { openedRegistry, registryCommand, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { versionsText } from './modelText.js';
import { print, printJson } from './output.js';

const DESCRIPTION = `Lists the versions of the recommender's model that a registry keeps, newest first: what the gates said of each, and which of them the aliases
point to. A run that follows the registry decides with "production".`;

/** Lists registered versions. */
export function modelListCommand(): Command {
  return registryCommand('list', 'list the versions of a model registry', DESCRIPTION, [
    'skillforge model list',
    'skillforge model list --model-registry http://localhost:5000 --json',
  ]).action(list);
}

async function list(options: ModelRegistryOptions): Promise<void> {
  const registry = openedRegistry(options);
  const versions = await registry.versions();
  if (options.json) printJson({ place: registry.place, name: registry.name, versions });
  else print(versions.length === 0 ? `the registry ${registry.place} has no version of ${registry.name}` : versionsText(versions));
}
