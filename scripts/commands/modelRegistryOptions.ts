/** The options that name a registry of models, and the registry that they name. */
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import { openRegistry, type ModelRegistry, type MoveReason } from '../../runtime/models/registry/index.js';
import { folderOption, plainCommand, type PlainOptions } from './options.js';
import { userName } from './userName.js';

/** What a command that works on a registry of models is told. */
export interface ModelRegistryOptions extends PlainOptions {
  readonly data: string;
  /** A folder, or the address of an MLflow server. */
  readonly modelRegistry?: string;
}

/** A command that works on a registry of models. */
export function registryCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return plainCommand(signature, summary, description, shown).addOption(modelRegistryOption()).addOption(folderOption());
}

/** Where the registry lies in the data folder, where no other place is named. */
export const REGISTRY_FOLDER = 'registry';

/** `--model-registry`, by default from the environment; `--registry` is the one of schemas. */
export function modelRegistryOption(): Option {
  return new Option(
    '--model-registry <place>',
    'registry of models: a folder, or the address of an MLflow server (default: the folder "registry" in --data)',
  ).env('SKILLFORGE_MODEL_REGISTRY');
}

/** The place of the registry that options name. */
export const registryPlace = ({ data, modelRegistry }: Pick<ModelRegistryOptions, 'data' | 'modelRegistry'>): string =>
  modelRegistry ?? join(data, REGISTRY_FOLDER);

/** The registry that options name. Nothing is asked yet. */
export const openedRegistry = (options: Pick<ModelRegistryOptions, 'data' | 'modelRegistry'>): ModelRegistry => openRegistry(registryPlace(options));

/** What a command that moves an alias is told. */
export interface MoveOptions extends ModelRegistryOptions {
  readonly by: string;
  readonly reason?: string;
}

/** Gives a command `--reason` and `--by`. */
export function withMoveOptions(command: Command): Command {
  return command
    .option('--reason <text>', 'why, for the history')
    .addOption(new Option('--by <name>', 'who, for the history').default(userName(), 'the user of this process'));
}

/** What the history keeps. */
export const moveReasonOf = ({ by, reason = null }: Pick<MoveOptions, 'by'> & { readonly reason?: string | null }): MoveReason => ({
  by,
  reason,
  atMs: Date.now(),
});
