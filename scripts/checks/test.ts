/**
 * `npm test`: every check and every test. All of them run, whatever fails before; the exit code is 1 when one failed.
 * Arguments go to vitest: `npm test -- test/schemas`. Each check counts as one test in the last line.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { REPORT_FILE_VARIABLE, countsLine, skipLines, type RunReport } from './counts.js';
import { projectRoot } from './sourceFiles.js';

/** npm scripts that run before the tests, longest first, as many at a time as {@link AT_ONCE}. */
const CHECKS = ['lint', 'typecheck', 'check:imports', 'check:audit', 'format:check', 'check:docs', 'check:schemas'];
const AT_ONCE = 2;

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

/** @returns whether it failed */
async function runCheck(name: string): Promise<boolean> {
  const startMs = performance.now();
  const command = scripts[name];
  const { failed, output } =
    command === undefined ? { failed: true, output: `package.json has no script ${name}` } : await run(command, process.env, false);
  console.log(`${failed ? 'FAILED' : 'ok    '}  ${name.padEnd(14)} ${secondsSince(startMs)}`);
  if (failed) console.log(output.trimEnd());
  return failed;
}

/** @returns the names of those that failed */
async function runChecks(): Promise<string[]> {
  const waiting = [...CHECKS];
  const failed: string[] = [];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      if (await runCheck(name)) failed.push(name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failed;
}

/** Runs vitest. A run that leaves no report counts as one failure; so does one that fails with nothing failed in its report. */
async function runTests(filters: readonly string[]): Promise<RunReport> {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-test-'));
  const file = join(folder, 'report.json');
  try {
    const startMs = performance.now();
    const command = ['vitest run', ...filters.map((filter) => JSON.stringify(filter))].join(' ');
    const { failed } = await run(command, { ...process.env, [REPORT_FILE_VARIABLE]: file }, true);
    const report = readReport(file);
    console.log(`${failed ? 'FAILED' : 'ok    '}  ${'tests'.padEnd(14)} ${secondsSince(startMs)}`);
    return failed && report.failed === 0 ? { ...report, failed: 1 } : report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string): RunReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunReport;
  } catch {
    return { passed: 0, failed: 1, skipped: 0, skips: [] };
  }
}

const failedChecks = await runChecks();
const tests = await runTests(process.argv.slice(2));
const totals = { passed: tests.passed + CHECKS.length - failedChecks.length, failed: tests.failed + failedChecks.length, skipped: tests.skipped };
if (failedChecks.length > 0) console.log(`failed checks: ${failedChecks.join(', ')}`);
for (const line of skipLines(tests.skips)) console.log(line);
console.log(countsLine(totals));
process.exitCode = totals.failed > 0 ? 1 : 0;
