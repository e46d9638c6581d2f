/** What `skillforge decisions seal` and `verify` have in common. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { toolCommand, type ToolOptions } from './toolAccess.js';

/** What they are told. */
export interface ChainOptions extends ToolOptions {
  readonly chain?: string;
}

/** A command that works on a chain. */
export function chainCommand(name: string, summary: string, description: string, shown: readonly string[]): Command {
  return toolCommand(name, summary, description, shown).option('--chain <dir>', 'folder of the chain (default: the folder "decisions" in --data)');
}

/** Where the chain lies. */
export const chainFolderOf = ({ data, chain }: Pick<ChainOptions, 'data' | 'chain'>): string => chain ?? join(data, 'decisions');
