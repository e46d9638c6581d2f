/**
 * `npm test`: every check, every test, and every line of the compliance matrix. All of them run, whatever fails before; the exit code is 1 when one failed.
 * Arguments go to vitest: `npm test -- test/schemas`; the matrix, which goes by what all tests have shown, is left out then. Each check, and each line, counts as one test
 * in the last line.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { REPORT_FILE_VARIABLE, countsLine, skipLines, type CountedRun, type RunReport } from './counts.js';
import { projectRoot } from './sourceFiles.js';

/** The npm script that takes as long as all of {@link SHORTER}, on one core: beside it they run one after the other, and then the tests begin. */
const LONGEST = 'lint';
const SHORTER = ['typecheck', 'check:imports', 'check:audit', 'format:check', 'check:docs', 'check:schemas'];

interface Outcome {
  readonly failed: boolean;
  readonly output: string;
}

const scripts = (JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts;

/** Runs a command line as npm would, which takes npm itself half a second. With `live` its output goes straight through. */
function run(command: string, env: NodeJS.ProcessEnv, live: boolean): Promise<Outcome> {
  const path = [join(projectRoot, 'node_modules', '.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(command, {
    cwd: projectRoot,
    shell: true,
    env: { ...env, PATH: path },
    stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ failed: true, output: String(error) }));
    child.on('close', (code) => resolve({ failed: code !== 0, output }));
  });
}

const secondsSince = (startMs: number): string => `${((performance.now() - startMs) / 1000).toFixed(1)} s`;

/** A check that has ended, and what it printed where it failed. */
interface Checked {
  readonly name: string;
  readonly complaint: string | null;
}

async function runCheck(name: string): Promise<Checked> {
  const startMs = performance.now();
  const command = scripts[name];
  const { failed, output } =
    command === undefined ? { failed: true, output: `package.json has no script ${name}` } : await run(command, process.env, false);
  console.log(`${failed ? 'FAILED' : 'ok    '}  ${name.padEnd(14)} ${secondsSince(startMs)}`);
  return { name, complaint: failed ? output.trimEnd() : null };
}

async function runInTurn(names: readonly string[]): Promise<Checked[]> {
  const ended: Checked[] = [];
  for (const name of names) ended.push(await runCheck(name));
  return ended;
}

/** Runs vitest. A run that leaves no report counts as one failure; so does one that fails with nothing failed in its report. @param file - takes the report */
async function runTests(filters: readonly string[], file: string): Promise<CountedRun> {
  const command = ['vitest run', ...filters.map((filter) => JSON.stringify(filter))].join(' ');
  return runCounted('tests', command, file);
}

/** Goes through the compliance matrix by what the tests have shown. @param tests - their report */
async function runCompliance(tests: string, file: string): Promise<CountedRun> {
  return runCounted('compliance', `${scripts['compliance'] ?? 'npm run compliance'} --after-tests ${JSON.stringify(tests)}`, file);
}

async function runCounted(name: string, command: string, file: string): Promise<CountedRun> {
  const startMs = performance.now();
  const { failed } = await run(command, { ...process.env, [REPORT_FILE_VARIABLE]: file }, true);
  const report = readReport(file);
  console.log(`${failed ? 'FAILED' : 'ok    '}  ${name.padEnd(14)} ${secondsSince(startMs)}`);
  return failed && report.failed === 0 ? { ...report, failed: 1 } : report;
}

function readReport(file: string): CountedRun {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunReport;
  } catch {
    return { passed: 0, failed: 1, skipped: 0, skips: [] };
  }
}

const NOTHING: CountedRun = { passed: 0, failed: 0, skipped: 0, skips: [] };

/** The tests; where they are all of them, the matrix as well. */
async function runAll(filters: readonly string[]): Promise<CountedRun[]> {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-test-'));
  try {
    const report = join(folder, 'report.json');
    const tests = await runTests(filters, report);
    return [tests, filters.length === 0 ? await runCompliance(report, join(folder, 'compliance.json')) : NOTHING];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const longest = runCheck(LONGEST);
const shorter = await runInTurn(SHORTER);
const runs = await runAll(process.argv.slice(2));
const checks = [await longest, ...shorter];
const failedChecks = checks.filter(({ complaint }) => complaint !== null);
const sum = (of: 'passed' | 'failed' | 'skipped'): number => runs.reduce((all, one) => all + one[of], 0);
const totals = { passed: sum('passed') + checks.length - failedChecks.length, failed: sum('failed') + failedChecks.length, skipped: sum('skipped') };
// Where nothing of the tests comes between.
for (const { name, complaint } of failedChecks) console.log(`${name}:\n${complaint}`);
if (failedChecks.length > 0) console.log(`failed checks: ${failedChecks.map(({ name }) => name).join(', ')}`);
for (const line of skipLines(runs.flatMap(({ skips }) => skips))) console.log(line);
console.log(countsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
