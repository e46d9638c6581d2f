/** `npm run compliance`: runs the commands of docs/reference/compliance.md. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { packageRoot } from '../../schemas/index.js';
import { REPORT_FILE_VARIABLE, type CountedRun, type RunReport } from '../checks/counts.js';
import { shownRisks } from '../technicalFile/riskOutcomes.js';
import { RISKS } from '../technicalFile/risks.js';
import { readReport } from './commandRuns.js';
import { countedOf, shownObligations, type Outcome } from './matrixRun.js';
import { again, chosenOf, tryMutations } from './mutationRun.js';
import { mutationsOf, tryToday } from './mutationsOfToday.js';
import { compliancePagePath, obligationsIn, type Obligation } from './obligations.js';

const DESCRIPTION = `Runs the commands of docs/reference/compliance.md on a folder of their own, from
the first to the last, and says of each whether it has shown what it should: a run
of tests that were skipped has not. Exit code 1 where one has not.

With --after-tests it takes what a run of all tests has shown, for the commands that
run tests, and runs the others; the tests of the risk register are looked at as well.
A line that needs servers which this machine cannot have counts as skipped there, not
as shown. Then it takes a few features away, other ones each day. "npm test" ends so.

With --mutations it runs them in a copy of the tree, each once more with its
feature taken away: exit code 1 where one still succeeds. What came of each goes
into docs/reference/compliance-mutations.md.`;

interface Options {
  readonly mutations?: true;
  readonly only: readonly string[];
  readonly afterTests?: string;
}

/** Ends the process where the words are no options, or name no obligation. */
function optionsOf(words: readonly string[], obligations: readonly Obligation[]): Options {
  const program = new Command('npm run compliance --')
    .description(DESCRIPTION)
    .option('--after-tests <file>', 'the report of a run of all tests, as "npm test" has it')
    .option('--mutations', 'take each feature away, and see its command fail')
    .option(
      '--only <text>',
      'with --mutations: obligations that have this in their name; may be given more than once',
      (one, all: string[]) => [...all, one],
      [],
    )
    .parse(words, { from: 'user' });
  const options = program.opts<Options & Record<string, unknown>>();
  const { mutations, only, afterTests } = options;
  if (only.length > 0 && mutations !== true)
    program.error('error: --only is for --mutations: without it each command goes by what those before it left');
  if (mutations === true && afterTests !== undefined) program.error('error: --mutations tries all, and --after-tests those of the day');
  if (chosenOf(obligations, only).length === 0) program.error(`error: no obligation has ${only.join(' or ')} in its name`);
  return options;
}

/** Runs every command. A line that was not shown is none that may pass. */
function showAll(obligations: readonly Obligation[], folder: string): number {
  const outcomes = shownObligations(obligations, { checkout: { root: packageRoot(), data: join(folder, 'data'), told: 'all' }, report: null });
  tell(obligations, outcomes);
  return outcomes.every(({ shown }) => shown.verdict === 'shown') ? 0 : 1;
}

/** Goes by a report: lines, risks, and a few mutations. What cannot be shown here is skipped, as its tests are. */
function showAfterTests(obligations: readonly Obligation[], folder: string, report: RunReport): number {
  const checkout = { root: packageRoot(), data: join(folder, 'data'), told: 'failures' } as const;
  const today = mutationsOf(Date.now());
  const copyFor = ({ obligation }: { readonly obligation: string }): string =>
    join(folder, `before-${obligations.findIndex((one) => one.obligation === obligation)}`);
  const onObligation = (one: Obligation): void => {
    if (today.some(({ obligation }) => obligation === one.obligation)) again(checkout.data, copyFor(one));
  };
  const outcomes = shownObligations(obligations, { checkout, report, onObligation });
  tell(obligations, outcomes);
  const risks = shownRisks(RISKS, report);
  const before = (mutation: { readonly obligation: string }) => ({
    obligation: obligations.find(({ obligation }) => obligation === mutation.obligation)!,
    outcome: outcomes.find(({ name }) => name === mutation.obligation)!,
    data: copyFor(mutation),
  });
  const tried = tryToday(today, before, join(folder, 'mutations'));
  return counted([countedOf(outcomes, 'compliance'), countedOf(risks, 'risks'), countedOf(tried, 'mutations of today')]);
}

function tell(obligations: readonly Obligation[], outcomes: readonly Outcome[]): void {
  const having = (verdict: string): readonly Outcome[] => outcomes.filter(({ shown }) => shown.verdict === verdict);
  const [shown, not, here] = [having('shown'), having('failed'), having('not here')];
  console.log(`\n${shown.length} obligations shown, ${obligations.length - outcomes.length} not yet, ${here.length} not here; ${not.length} failed`);
  for (const { name, shown: what } of [...not, ...here]) console.log(`  ${what.verdict}: ${name}: ${what.why}`);
}

/** Adds up, and leaves it where `npm test` looks for it. */
function counted(runs: readonly CountedRun[]): number {
  const sum = (of: 'passed' | 'failed' | 'skipped'): number => runs.reduce((all, one) => all + one[of], 0);
  const all: CountedRun = { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped'), skips: runs.flatMap(({ skips }) => skips) };
  const path = process.env[REPORT_FILE_VARIABLE];
  if (path !== undefined) writeFileSync(path, JSON.stringify(all));
  return all.failed === 0 ? 0 : 1;
}

function main(): number {
  const obligations = obligationsIn(readFileSync(compliancePagePath(), 'utf8'));
  const { mutations, only, afterTests } = optionsOf(process.argv.slice(2), obligations);
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-compliance-'));
  try {
    if (mutations === true) return tryMutations(obligations, folder, only);
    if (afterTests === undefined) return showAll(obligations, folder);
    const report = readReport(afterTests);
    if (report !== null) return showAfterTests(obligations, folder, report);
    console.error(`${afterTests} is no report of a run of tests`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
