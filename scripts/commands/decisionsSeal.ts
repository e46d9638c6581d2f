/** `skillforge decisions seal`. */
import type { Command } from 'commander';
import { seal } from '../decisions/sealing.js';
import { chainCommand, chainFolderOf, type ChainOptions } from './decisionsChain.js';
import { countedText, print, printJson } from './output.js';
import { readingTools } from './toolAccess.js';

const DESCRIPTION = `Appends blocks to a chain of digests over the feature log: for each partition, commitments to what came since the last block, and the digest of the
block before. A block tells nobody what a record holds: commitments are keyed, and the key lies beside the chain (chain.key), for whoever verifies.

Run it often, from one place at a time. Keep the digest that it prints where those who can write the folder cannot: "verify --head" then finds a chain that was cut or written anew.`;

/** Seals what is new. */
export function decisionsSealCommand(): Command {
  return chainCommand('seal', 'seal what is new in the feature log', DESCRIPTION, [
    'skillforge decisions seal',
    'skillforge decisions seal --chain ./decisions --json',
    'skillforge decisions seal --kafka localhost:9092 --redis redis://localhost:6379',
  ]).action(async (options: ChainOptions) => {
    const place = { folder: chainFolderOf(options), region: options.region };
    const sealed = await readingTools(options, (tools) => seal(tools, place, Date.now()));
    if (options.json) printJson(sealed);
    else print(`sealed ${countedText(sealed.records, 'decision')} in ${countedText(sealed.blocks, 'block')}\nhead ${sealed.head}`);
  });
}
