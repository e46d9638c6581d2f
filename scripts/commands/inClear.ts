/** What writes personal values out of a folder, or a region, that keeps them under keys: only when asked for by name. */
import { Option, type Command } from 'commander';
import type { ToolAccess } from '../../runtime/ports.js';
import { SkillForgeError } from '../../schemas/index.js';

/** What a command is told that may write personal values in clear. */
export interface InClearOptions {
  readonly inClear?: boolean;
}

const VARIABLE = 'SKILLFORGE_IN_CLEAR';

/** A command that may write personal values in clear. The variable is read by {@link isMeant}: of an option without a value any value would switch it on, "0" too. */
export const withInClear = (command: Command): Command =>
  command.addOption(
    new Option(
      '--in-clear',
      `of a folder or a region with keys: write personal values in clear. No key erases them there: delete them when they have served (env: ${VARIABLE}=1)`,
    ),
  );

/** Whether the option, or the variable, says that it is meant. @throws SFS_USAGE for a variable that says neither yes nor no */
export function isMeant({ inClear }: InClearOptions): boolean {
  if (inClear === true) return true;
  const said = process.env[VARIABLE] ?? '';
  if (said === '1' || said === 'true') return true;
  if (said === '' || said === '0' || said === 'false') return false;
  throw new SkillForgeError('SFS_USAGE', `${VARIABLE} is "${said}": 1 writes personal values in clear, 0 does not`);
}

/** Whether what is personal lies under keys of its owners. */
export const isSealed = (tools: ToolAccess): boolean => tools.opened !== undefined;

/** @param what - that would be in clear. @throws SFS_IN_CLEAR where there are keys, and nobody said that it is meant; SFS_USAGE */
export function assertMeant(tools: ToolAccess, options: InClearOptions, what: string): void {
  if (!isSealed(tools) || isMeant(options)) return;
  const message = `${what} would be in clear, and lies under keys of learners here: say --in-clear if that is meant, and delete it when it has served`;
  throw new SkillForgeError('SFS_IN_CLEAR', message);
}
