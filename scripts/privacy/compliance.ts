/** `npm run compliance`: runs the commands of docs/reference/compliance.md. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { packageRoot } from '../../schemas/index.js';
import { chosenOf, tryMutations } from './mutationRun.js';
import { compliancePagePath, obligationsIn, succeeds, type Checkout, type Obligation } from './obligations.js';

/** Runs the commands of an obligation. @returns those that failed */
function shown({ obligation, commands }: Obligation, checkout: Checkout): string[] {
  console.log(`\n== ${obligation}${commands.length === 0 ? ': not yet' : ''}`);
  return commands.filter((command) => {
    console.log(`$ ${command}`);
    return !succeeds(command, checkout);
  });
}

const DESCRIPTION = `Runs the commands of docs/reference/compliance.md on a folder of their own, from
the first to the last. Exit code 1 where one fails.

With --mutations it runs them in a copy of the tree, each once more with its
feature taken away: exit code 1 where one still succeeds. What came of each goes
into docs/reference/compliance-mutations.md.`;

interface Options {
  readonly mutations?: true;
  readonly only: readonly string[];
}

/** Ends the process where the words are no options, or name no obligation. */
function optionsOf(words: readonly string[], obligations: readonly Obligation[]): Options {
  const program = new Command('npm run compliance --')
    .description(DESCRIPTION)
    .option('--mutations', 'take each feature away, and see its command fail')
    .option(
      '--only <text>',
      'with --mutations: obligations that have this in their name; may be given more than once',
      (one, all: string[]) => [...all, one],
      [],
    )
    .parse(words, { from: 'user' });
  const options = program.opts<Options & Record<string, unknown>>();
  const { mutations, only } = options;
  if (only.length > 0 && mutations !== true)
    program.error('error: --only is for --mutations: without it each command goes by what those before it left');
  if (chosenOf(obligations, only).length === 0) program.error(`error: no obligation has ${only.join(' or ')} in its name`);
  return options;
}

function main(): number {
  const obligations = obligationsIn(readFileSync(compliancePagePath(), 'utf8'));
  const { mutations, only } = optionsOf(process.argv.slice(2), obligations);
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-compliance-'));
  try {
    if (mutations === true) return tryMutations(obligations, folder, only);
    const failed = obligations.flatMap((obligation) => shown(obligation, { root: packageRoot(), data: join(folder, 'data'), told: 'all' }));
    const missing = obligations.filter(({ commands }) => commands.length === 0).length;
    console.log(`\n${obligations.length - missing} obligations shown, ${missing} not yet; ${failed.length} commands failed`);
    failed.forEach((command) => console.log(`  ${command}`));
    return failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
