/** `skillforge decisions verify`. */
import type { Command } from 'commander';
import { verifyChain, type Verified } from '../decisions/sealing.js';
import { chainCommand, chainFolderOf, type ChainOptions } from './decisionsChain.js';
import { EXIT } from './exitCodes.js';
import { countedText, print, printJson } from './output.js';
import { readingTools } from './toolAccess.js';

interface VerifyOptions extends ChainOptions {
  readonly head?: string;
}

const DESCRIPTION = `Compares the chain of "decisions seal" with the feature log: every block with the one before it, every sealed record with what the log has now. Finds
records that were changed, removed, added or moved, and blocks that were. What retention has taken since counts as expired, what
"privacy erase" took out as erased. Exit code 1 where anything is not as it was sealed.`;

/** Most breaches that are told one by one. */
const MOST_TOLD = 20;

/** Verifies the chain. */
export function decisionsVerifyCommand(): Command {
  return chainCommand('verify', 'compare the feature log with what was sealed', DESCRIPTION, [
    'skillforge decisions verify',
    'skillforge decisions verify --head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 --json',
  ])
    .option('--head <digest>', 'a digest that "seal" printed: it must be that of a block')
    .action(async (options: VerifyOptions) => {
      const place = { folder: chainFolderOf(options), region: options.region };
      const verified = await readingTools(options, (tools) => verifyChain(tools, place, options.head));
      if (options.json) printJson(verified);
      else print(verifiedText(verified));
      if (verified.breaches.length > 0) process.exitCode = EXIT.failed;
    });
}

function verifiedText({ blocks, head, records, expired, erased, unsealed, breaches }: Verified): string {
  const told = breaches.slice(0, MOST_TOLD).map(({ block, message }) => `  ${block === null ? '' : `block ${block}: `}${message}`);
  const verdict =
    breaches.length === 0 ? 'all as it was sealed' : `not as it was sealed: ${countedText(breaches.length, 'breach').replace('breachs', 'breaches')}`;
  return [
    `${countedText(blocks, 'block')}, head ${head}`,
    `${countedText(records, 'decision')} as sealed, ${expired} expired, ${erased} erased, ${unsealed} not sealed yet`,
    verdict,
    ...told,
  ].join('\n');
}
