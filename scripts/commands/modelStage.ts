/** `skillforge model stage`. */
import type { Command } from 'commander';
import { moveReasonOf, openedRegistry, registryCommand, withMoveOptions, type MoveOptions } from './modelRegistryOptions.js';
import { changeText } from './modelText.js';
import { print, printJson } from './output.js';

const DESCRIPTION = `Points the alias "staging" to a version: the candidate. Nothing is served with it; "model shadow" ranks with it beside production, and "model gate"
compares it. No gate is asked here.`;

/** Points `staging` to a version. */
export function modelStageCommand(): Command {
  const command = registryCommand('stage <number>', 'make a version the candidate', DESCRIPTION, [
    'skillforge model stage 3',
    'skillforge model stage 3 --reason corrected-week',
  ]);
  return withMoveOptions(command).action(stage);
}

async function stage(number: string, options: MoveOptions): Promise<void> {
  const change = await openedRegistry(options).move('staging', number, moveReasonOf(options));
  if (options.json) printJson({ change });
  else print(changeText(change));
}
