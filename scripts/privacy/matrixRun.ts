/** Goes through the compliance matrix line by line: runs commands, or takes what the run of all tests has shown. */
import type { CountedRun, RunReport } from '../checks/counts.js';
import { shownByFiles, type Shown } from '../checks/shown.js';
import { shownByCommand, type Checkout } from './commandRuns.js';
import { testFilesOf, type Obligation } from './obligations.js';

/** A line, and what came of it. */
export interface Outcome {
  /** Such as an obligation. */
  readonly name: string;
  readonly shown: Shown;
  /** What came of each command of an obligation. */
  readonly of?: ReadonlyMap<string, Shown>;
}

/** What there is to go by. */
export interface MatrixRun {
  readonly checkout: Checkout;
  /** Of all tests; `null` where commands that run tests are run themselves. */
  readonly report: RunReport | null;
  /** Hears of each obligation before its commands are run. */
  readonly onObligation?: (obligation: Obligation) => void;
}

/** Shows every obligation that has a command, one after the other, and prints what came of each command. */
export function shownObligations(obligations: readonly Obligation[], matrixRun: MatrixRun): Outcome[] {
  return obligations.flatMap((one) => {
    console.log(`\n== ${one.obligation}${one.commands.length === 0 ? ': not yet' : ''}`);
    matrixRun.onObligation?.(one);
    const of = new Map(one.commands.map((command) => [command, shownOne(command, one, matrixRun)] as const));
    return of.size === 0 ? [] : [{ name: one.obligation, shown: worstOf([...of.values()]), of }];
  });
}

function shownOne(command: string, { needs }: Obligation, { checkout, report }: MatrixRun): Shown {
  console.log(`$ ${command}`);
  const startMs = performance.now();
  const files = report === null ? null : testFilesOf(command);
  const wanted = needs.get(command) ?? [];
  const shown = files === null ? shownByCommand(command, wanted, checkout) : shownByFiles(files, wanted, report!);
  const how = files === null ? `${((performance.now() - startMs) / 1000).toFixed(1)} s` : 'by the run of all tests';
  console.log(`  ${shown.verdict}, ${how}: ${shown.why}`);
  return { ...shown, why: `${command}: ${shown.why}` };
}

/** What fails says more than what could not be shown, and that more than what was shown. */
export const worstOf = (all: readonly Shown[]): Shown =>
  all.find(({ verdict }) => verdict === 'failed') ?? all.find(({ verdict }) => verdict === 'not here') ?? all[0]!;

/** Each line counts as a test: one that was not shown here is none that passed. */
export function countedOf(outcomes: readonly Outcome[], of: string): CountedRun {
  const having = (verdict: Shown['verdict']): readonly Outcome[] => outcomes.filter(({ shown }) => shown.verdict === verdict);
  const skips = having('not here').map(({ name, shown }) => ({ name: `${of} > ${name}`, reason: shown.why }));
  return { passed: having('shown').length, failed: having('failed').length, skipped: skips.length, skips };
}
