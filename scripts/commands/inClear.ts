/** What writes personal values out of a folder, or a region, that keeps them under keys: only when asked for by name. */
import { Option, type Command } from 'commander';
import type { ToolAccess } from '../../runtime/ports.js';
import { SkillForgeError } from '../../schemas/index.js';

/** What a command is told that may write personal values in clear. */
export interface InClearOptions {
  readonly inClear?: boolean;
}

/** A command that may write personal values in clear. */
export const withInClear = (command: Command): Command =>
  command.addOption(
    new Option(
      '--in-clear',
      'of a folder or a region with keys: write personal values in clear. No key erases them there: delete them when they have served',
    ).env('SKILLFORGE_IN_CLEAR'),
  );

/** Whether what is personal lies under keys of its owners. */
export const isSealed = (tools: ToolAccess): boolean => tools.opened !== undefined;

/** @param what - that would be in clear. @throws SFS_IN_CLEAR where there are keys, and nobody said that it is meant */
export function assertMeant(tools: ToolAccess, { inClear }: InClearOptions, what: string): void {
  if (!isSealed(tools) || inClear === true) return;
  const message = `${what} would be in clear, and lies under keys of learners here: say --in-clear if that is meant, and delete it when it has served`;
  throw new SkillForgeError('SFS_IN_CLEAR', message);
}
