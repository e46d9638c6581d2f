/**
 * The suites that search, for longer than `npm test` has time: `npm run test:long`. Writes what came of it to
 * docs/reference/long-run.md, which is committed with the code it ran on. Exit code 1 when something failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPORT_FILE_VARIABLE, countsLine, type RunReport } from './counts.js';
import { LONG_SUITES, type LongSuite } from './longSuites.js';
import { machineText } from './machine.js';
import { projectRoot } from './sourceFiles.js';

const PAGE = join(projectRoot, 'docs', 'reference', 'long-run.md');

interface Outcome {
  readonly suite: LongSuite;
  readonly report: RunReport;
  readonly minutes: number;
}

function run(suite: LongSuite, folder: string): Outcome {
  const file = join(folder, 'report.json');
  const startMs = performance.now();
  console.log(`\n${suite.name}`);
  const { status } = spawnSync(process.execPath, [join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs'), 'run', suite.folder], {
    cwd: projectRoot,
    env: { ...process.env, ...suite.env, [REPORT_FILE_VARIABLE]: file },
    stdio: 'inherit',
  });
  const report = JSON.parse(readFileSync(file, 'utf8')) as RunReport;
  const failed = status !== 0 && report.failed === 0 ? 1 : report.failed;
  return { suite, report: { ...report, failed }, minutes: (performance.now() - startMs) / 60_000 };
}

function pageOf(outcomes: readonly Outcome[]): string {
  const revision = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: projectRoot, encoding: 'utf8' }).stdout.trim();
  const machine = machineText();
  const rows = outcomes.map(({ suite, report, minutes }) => `| ${suite.name} | ${countsLine(report)} | ${minutes.toFixed(1)} |`);
  return [
    '# The long run',
    '',
    '<!-- Written by `npm run test:long`. -->',
    '',
    `Last run: ${new Date().toISOString().slice(0, 10)}, on top of revision ${revision}; ${machine}.`,
    '',
    '| suite | result | minutes |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const folder = mkdtempSync(join(tmpdir(), 'skillforge-long-'));
try {
  const outcomes = LONG_SUITES.map((suite) => run(suite, folder));
  writeFileSync(PAGE, pageOf(outcomes));
  console.log(`\nwrote ${PAGE}`);
  process.exitCode = outcomes.some(({ report }) => report.failed > 0) ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
