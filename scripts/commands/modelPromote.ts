/** `skillforge model promote`. */
import type { Command } from 'commander';
import type { AliasChange, ModelRegistry, RegisteredVersion } from '../../runtime/models/registry/index.js';
import { SkillForgeError } from '../../schemas/index.js';
import { usageError } from './failures.js';
import { moveReasonOf, openedRegistry, registryCommand, withMoveOptions, type MoveOptions } from './modelRegistryOptions.js';
import { changeText, failedNames, gateChecks, gateOf } from './modelText.js';
import { print, printJson } from './output.js';

/** Who promotes, and why. */
export interface PromotionRequest {
  readonly by: string;
  readonly reason?: string;
  /** Why a version is promoted that has not passed its gates. */
  readonly override?: string;
}

interface PromoteOptions extends MoveOptions, PromotionRequest {}

const DESCRIPTION = `Points the alias "production" to a version: runs that follow the registry look every 2 seconds, verify and load it, and decide with it from their
next decision on, without a restart. "model watch" shows when they do; "model rollback" takes it back.

A version that has not passed its gates (see "model gate") is refused. --override promotes it all the same: its reason is kept with the version and in the
history.`;

/** Points `production` to a version. */
export function modelPromoteCommand(): Command {
  const command = registryCommand('promote <number>', 'let runs decide with a version that has passed its gates', DESCRIPTION, [
    'skillforge model promote 3',
    'skillforge model promote 3 --override agreed-in-ticket-412',
  ]);
  return withMoveOptions(command).option('--override <reason>', 'promote a version that has not passed its gates').action(run);
}

async function run(number: string, options: PromoteOptions): Promise<void> {
  const change = await promote(openedRegistry(options), number, options);
  if (options.json) printJson({ change });
  else print(changeText(change));
}

/**
 * Makes a version production. @throws SFS_MODEL_GATE where it has not passed its gates and nobody overrides them; SFS_USAGE for an override without a
 * reason; what the registry throws
 */
export async function promote(registry: ModelRegistry, number: string, { by, reason, override }: PromotionRequest): Promise<AliasChange> {
  const version = await registry.version(number);
  const overrides = override !== undefined && gateOf(version) !== 'passed';
  if (override !== undefined && override.trim() === '') throw usageError('--override needs a reason');
  if (!overrides) assertPassed(version);
  else await registry.tag(number, { 'override.reason': override, 'override.by': by });
  const why = [...(reason === undefined ? [] : [reason]), ...(overrides ? [`gates overridden: ${override}`] : [])].join('; ');
  return registry.move('production', number, moveReasonOf({ by, reason: why === '' ? null : why }));
}

function assertPassed(version: RegisteredVersion): void {
  const gate = gateOf(version);
  if (gate === 'passed') return;
  const { number } = version;
  const what = gate === 'failed' ? `failed: ${failedNames(gateChecks(version)) || 'see "model show"'}` : 'have not been asked';
  throw new SkillForgeError('SFS_MODEL_GATE', `version ${number} cannot become production: its gates ${what}`, { context: { number, gate } });
}
