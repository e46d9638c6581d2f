/** `skillforge model rollback`. */
import type { Command } from 'commander';
import { versionBefore, type AliasChange, type ModelRegistry, type MoveReason } from '../../runtime/models/registry/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { moveReasonOf, openedRegistry, registryCommand, withMoveOptions, type MoveOptions } from './modelRegistryOptions.js';
import { changeText } from './modelText.js';
import { print, printJson } from './output.js';

const DESCRIPTION = `Points the alias "production" back to the version that it pointed to before: runs that follow the registry decide with it again within seconds.
Once more leads further back, never to what was left. No gate is asked: that version was in production before.`;

/** Points `production` back. */
export function modelRollbackCommand(): Command {
  const command = registryCommand('rollback', 'go back to the version that was production before', DESCRIPTION, [
    'skillforge model rollback',
    'skillforge model rollback --reason empty-lists',
  ]);
  return withMoveOptions(command).action(run);
}

async function run(options: MoveOptions): Promise<void> {
  const change = await rollBack(openedRegistry(options), moveReasonOf(options));
  if (options.json) printJson({ change });
  else print(changeText(change));
}

/** Makes the version production again that was before. @throws SFS_MODEL_MISSING where there is none, and what the registry throws */
export async function rollBack(registry: ModelRegistry, reason: MoveReason): Promise<AliasChange> {
  const before = versionBefore(await registry.history('production'));
  if (before !== null) return registry.move('production', before, reason);
  const { place, name } = registry;
  const what = `production of ${name} has no version before the present one in ${place}`;
  throw new SkillForgeError('SFS_MODEL_MISSING', `${what}: promote another one, or stop it with "skillforge oversight kill"`, {
    context: { place, name },
  });
}
