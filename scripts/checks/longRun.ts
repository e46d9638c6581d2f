/**
 * The suites that search, for longer than `npm test` has time: `npm run test:long`. Writes what came of it to
 * docs/reference/long-run.md, which is committed with the code it ran on. Exit code 1 when something failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPORT_FILE_VARIABLE, countsLine, type RunReport } from './counts.js';
import { machineText } from './machine.js';
import { projectRoot } from './sourceFiles.js';

/** A suite, and how often it tries: `npm test` takes a fifth to a tenth of it. */
interface LongSuite {
  readonly name: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

const SUITES: readonly LongSuite[] = [
  { name: 'properties, 250 runs each', folder: 'test/properties', env: { SKILLFORGE_RUNS: '250' } },
  { name: 'every interleaving of the commit protocol, within larger bounds', folder: 'test/model', env: { SKILLFORGE_MODEL: 'long' } },
  { name: '60 crashes, a full disk, 120 damaged files', folder: 'test/simulation', env: { SKILLFORGE_KILLS: '60', SKILLFORGE_DAMAGES: '120' } },
  { name: 'faults on real servers, and without each guard', folder: 'test/integration/faults', env: { SKILLFORGE_FAULTS: 'long' } },
  { name: 'the leader of three brokers killed', folder: 'test/scripts/services', env: { SKILLFORGE_FAULTS: 'long' } },
  { name: 'files of LMDB that are opened beside a writer, a minute each', folder: 'test/lmdb', env: { SKILLFORGE_FAULTS: 'long' } },
  {
    name: 'four writers of an outbox that are killed, four minutes',
    folder: 'test/reader/killedWriters.test.ts',
    env: { SKILLFORGE_FAULTS: 'long' },
  },
  { name: 'the fast tests on Node 24', folder: 'test/checks/node24.test.ts', env: { SKILLFORGE_OPERATIONS: 'long' } },
  { name: 'inputs that are nearly right, a minute for each target', folder: 'test/security/fuzz', env: { SKILLFORGE_FUZZ_MS: '60000' } },
  { name: 'Redis that goes back', folder: 'test/integration/cluster/rollback.test.ts', env: { SKILLFORGE_FAULTS: 'long' } },
  {
    name: 'model operations: training with MLflow, batch features again, Spark, drift, gates, a day of Airflow, an evaluation, the demo model anew',
    folder: 'test/scripts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  { name: 'the commands of replays on servers', folder: 'test/integration/replay/commands.test.ts', env: { SKILLFORGE_OPERATIONS: 'long' } },
  {
    name: 'a reader of what a run on servers has made of a school',
    folder: 'test/integration/cluster/reader.test.ts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  {
    name: 'a reader under load while each server dies, and all of them',
    folder: 'test/integration/cluster/failover.test.ts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  {
    name: 'an erasure on servers, looked at after each step',
    folder: 'test/integration/cluster/erasure.test.ts',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  {
    name: 'keys under a real OpenBao: alone, as a cluster that loses its leader, with its agent, over TLS',
    folder: 'test/integration/keys',
    env: { SKILLFORGE_OPERATIONS: 'long' },
  },
  { name: 'the stages of the Dockerfile as plain commands', folder: 'test/deploy/image.test.ts', env: { SKILLFORGE_OPERATIONS: 'long' } },
  {
    name: 'every window over the real files, in other batches, too',
    folder: 'test/topologies/everyWindowRealFiles.test.ts',
    env: { SKILLFORGE_REAL_FILES: 'all' },
  },
  {
    name: 'recommendations on the real files, at four cuts',
    folder: 'test/topologies/recommendationsRealFiles.test.ts',
    env: { SKILLFORGE_CUTS: 'all' },
  },
  {
    name: 'every topology over all presentations of the real files',
    folder: 'test/topologies/everyTopologyRealFiles.test.ts',
    env: { SKILLFORGE_REAL_FILES: 'all' },
  },
];
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
  const outcomes = SUITES.map((suite) => run(suite, folder));
  writeFileSync(PAGE, pageOf(outcomes));
  console.log(`\nwrote ${PAGE}`);
  process.exitCode = outcomes.some(({ report }) => report.failed > 0) ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
