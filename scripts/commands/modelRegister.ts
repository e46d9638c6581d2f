/** `skillforge model register`. */
import { InvalidArgumentError, type Command } from 'commander';
import { readBundle } from '../../runtime/models/bundle.js';
import { openedRegistry, registryCommand, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { print, printJson } from './output.js';

type Tags = Readonly<Record<string, string>>;

interface RegisterOptions extends ModelRegistryOptions {
  readonly tag: Tags;
}

const DESCRIPTION = `Verifies a model bundle and keeps a copy of it in a registry as the next version. A bundle that is registered already keeps its number, and gets
the tags that are given. Nothing decides with it yet: see "model stage", "model gate" and "model promote".`;

/** Registers a bundle. */
export function modelRegisterCommand(): Command {
  return registryCommand('register <bundle>', 'keep a model bundle as the next version of a registry', DESCRIPTION, [
    'skillforge model register ./models/today',
    'skillforge model register ./models/today --model-registry http://localhost:5000 --tag trained_by=nightly --json',
  ])
    .option('--tag <name=value>', 'a tag of the version; may be given several times', asTag, {})
    .action(register);
}

async function register(bundle: string, options: RegisterOptions): Promise<void> {
  const registry = openedRegistry(options);
  const { trainedUntilMs, dataHash } = readBundle(bundle).manifest;
  const version = await registry.register(bundle, { trained_until_ms: String(trainedUntilMs), data_hash: dataHash, ...options.tag });
  if (options.json) printJson({ place: registry.place, version });
  else print(`${bundle} is version ${version.number} of ${registry.name} in ${registry.place}`);
}

function asTag(text: string, tags: Tags): Tags {
  const [, name, value] = /^([\w.:/-]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Give name=value.');
  return { ...tags, [name]: value! };
}
