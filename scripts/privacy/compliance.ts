/**
 * `npm run compliance`: runs the commands of docs/reference/compliance.md on a folder of their own, in their order. Exit code 1 where one fails. With `--mutations` it
 * runs them in a copy of the tree, each once more with its feature taken away: exit code 1 where one still succeeds. `--only TEXT`, which may be given more than once, tries those obligations that have
 * the text in their name; what others left in the data is made as ever.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
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

function main(): number {
  const { mutations = false, only = [] } = parseArgs({
    options: { mutations: { type: 'boolean' }, only: { type: 'string', multiple: true } },
  }).values;
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-compliance-'));
  const obligations = obligationsIn(readFileSync(compliancePagePath(), 'utf8'));
  try {
    if (chosenOf(obligations, only).length === 0) throw new Error(`no obligation has ${only.join(' or ')} in its name`);
    if (mutations) return tryMutations(obligations, folder, only);
    if (only.length > 0) throw new Error('--only is for --mutations: without it each command goes by what those before it left');
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
