/** Runs the commands of the compliance matrix, and tells what each has shown: an exit code alone says nothing of tests that were skipped. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPORT_FILE_VARIABLE, type RunReport } from '../checks/counts.js';
import { isMissing, shownByFiles, type Need, type Shown } from '../checks/shown.js';
import { isOfProgram, testFilesOf } from './obligations.js';

/** Where commands are run, and on what. */
export interface Checkout {
  /** Root of the checkout. */
  readonly root: string;
  /** Folder of the school. */
  readonly data: string;
  /** Shows what commands print, always or where they fail. */
  readonly told: 'all' | 'failures' | 'nothing';
}

const MOST_PRINTED = 2 ** 28;
/** Characters of what a command printed last. */
const TAIL = 4_000;

interface Ended {
  readonly status: number | null;
  readonly printed: string;
}

/** Runs one command. @param more - words for a run of tests */
export function shownByCommand(command: string, needs: readonly Need[], checkout: Checkout, more: readonly string[] = []): Shown {
  const files = testFilesOf(command);
  if (files !== null) return shownByTests([...files, ...more], files, needs, checkout);
  const words = isOfProgram(command)
    ? [process.execPath, '--import', 'tsx', 'scripts/skillforge.ts', ...command.split(' ').slice(1)]
    : command.split(' ');
  const { status, printed } = run(words, checkout, {});
  // A check that could not ask ends well, and says so.
  const skipped = /^SKIPPED: (.*)$/m.exec(printed)?.[1];
  if (status === 0 && skipped !== undefined) return { verdict: isMissing(skipped, needs) ? 'not here' : 'failed', why: `skipped: ${skipped}` };
  return status === 0 ? { verdict: 'shown', why: 'exit code 0' } : { verdict: 'failed', why: `exit code ${status ?? 'none'}` };
}

function shownByTests(words: readonly string[], files: readonly string[], needs: readonly Need[], checkout: Checkout): Shown {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-shown-'));
  try {
    const path = join(folder, 'report.json');
    const program = [process.execPath, join(checkout.root, 'node_modules', 'vitest', 'vitest.mjs'), 'run'];
    const { status } = run([...program, ...words], checkout, { [REPORT_FILE_VARIABLE]: path });
    const report = readReport(path);
    if (report === null) return { verdict: 'failed', why: 'the run of tests left no report' };
    const shown = shownByFiles(files, needs, report);
    const isFailed = shown.verdict !== 'failed' && (status !== 0 || report.failed > 0);
    return isFailed ? { verdict: 'failed', why: `the run of tests failed, ${report.failed} failures` } : shown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a run of tests left; `null` where there is nothing that can be read. */
export function readReport(path: string): RunReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunReport;
  } catch {
    return null;
  }
}

function run(words: readonly string[], { root, data, told }: Checkout, env: Readonly<Record<string, string>>): Ended {
  const { status, stdout, stderr, error } = spawnSync(words[0]!, words.slice(1), {
    cwd: root,
    env: { ...process.env, SKILLFORGE_DATA: data, ...env },
    encoding: 'utf8',
    maxBuffer: MOST_PRINTED,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = error === undefined ? `${stdout}\n${stderr}` : String(error);
  if (told === 'all') console.log(printed.trimEnd());
  else if (status !== 0 && told === 'failures') console.log(printed.slice(-TAIL).trimEnd());
  return { status, printed };
}
