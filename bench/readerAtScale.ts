/**
 * A reader of millions of learners on one machine: size on disk, memory, time of a restart, and latencies at random learners.
 *
 *   npm run bench:scale -- [--learners N] [--rates 500,5000] [--seconds N] [--folder DIR] [--json]
 *
 * The view is built by the reader from a log that is made up as it is read. Then it is served by a process of its own: first with nothing of the file in
 * the memory of the system, where each answer waits for the disk, then with all of it there that fits. `--folder` keeps the view where it is, and takes one
 * that is there, as far as it was built.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { anyLearner, meanBytes } from './madeUpLists.js';
import { pacedLoad, type LoadResult } from './loads.js';
import { machine, markdown, progress, type Cell } from './report.js';

const { values: options } = parseArgs({
  options: {
    learners: { type: 'string', default: '10000000' },
    rates: { type: 'string', default: '500,5000' },
    seconds: { type: 'string', default: '30' },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const learners = Number(options.learners);
const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'skillforge-scale-'));
const file = join(folder, 'view.mdb');

/** Memory of a process, bytes: `anonymous` is its own, `mapped` are pages of files, which the system takes back when it needs them. */
interface Memory {
  readonly anonymous: number;
  readonly mapped: number;
}

function memoryOf({ pid }: ChildProcess): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]) * 1024;
  return { anonymous: bytes('RssAnon'), mapped: bytes('RssFile') };
}

function start(command: 'build' | 'serve'): ChildProcess {
  const args = ['--import', 'tsx', join(import.meta.dirname, 'scaleServer.ts'), command, folder, String(learners)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

interface Built {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly mostAnonymous: number;
}

/** Builds the view; `null` where it was there. */
async function build(): Promise<Built | null> {
  if (existsSync(file)) return null;
  progress(`building the view of ${learners.toLocaleString('en')} learners in ${folder}`);
  const child = start('build');
  let mostAnonymous = 0;
  let last = '';
  for await (const line of createInterface({ input: child.stdout! })) {
    const { left, seconds } = JSON.parse(line) as { readonly left?: number; readonly seconds: number };
    last = line;
    if (left === undefined) continue;
    mostAnonymous = Math.max(mostAnonymous, memoryOf(child).anonymous);
    progress(`${left.toLocaleString('en')} to go after ${Math.round(seconds)} s; ${(statSync(file).size / 1e9).toFixed(1)} GB`);
  }
  const { seconds, cpuSeconds } = JSON.parse(last) as Omit<Built, 'mostAnonymous'>;
  return { seconds, cpuSeconds, mostAnonymous };
}

/** Takes the file out of the memory of the system, where nobody has it mapped. */
function forget(): void {
  spawnSync('sync');
  spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

/** Brings it there, as far as there is room. */
const recall = (): void => void spawnSync('dd', [`if=${file}`, 'of=/dev/null', 'bs=4M', 'status=none']);

interface Started {
  readonly url: string;
  /** By partition: how many learners are in the view. */
  readonly ends: readonly number[];
  readonly listeningMs: number;
  readonly readyMs: number;
}

interface Served extends LoadResult, Started, Memory {
  readonly rate: number;
  readonly isCold: boolean;
}

async function serve(rate: number, isCold: boolean): Promise<Served> {
  progress(`${rate} requests/s, ${isCold ? 'cold' : 'warm'}`);
  if (isCold) forget();
  else recall();
  const child = start('serve');
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
  const started = JSON.parse(line) as Started;
  const nextPath = (): string => `/v1/learners/${anyLearner(started.ends)}/recommendations`;
  const port = Number(new URL(started.url).port);
  // The code is compiled by then; the learners are others.
  await pacedLoad({ port, nextPath, perSecond: rate, seconds: 3 });
  const result = await pacedLoad({ port, nextPath, perSecond: rate, seconds: Number(options.seconds) });
  const memory = memoryOf(child);
  await ended(child);
  return { ...started, ...result, ...memory, rate, isCold };
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
const mb = (value: number): string => `${Math.round(value / 1e6)} MB`;

function rowOf(run: Served): Cell[] {
  const statuses = Object.entries(run.statuses).map(([status, count]) => `${count.toLocaleString('en')} × ${status}`);
  const times = [run.p50Ms, run.p99Ms, run.p999Ms, run.mostMs, run.readyMs].map(ms);
  return [run.isCold ? 'on disk' : 'in memory', run.rate, run.perSecond, ...times, mb(run.anonymous), mb(run.mapped), statuses.join(', ')];
}

const COLUMNS = ['view', 'asked/s', 'answered/s', 'p50', 'p99', 'p99.9', 'most', 'ready after', 'anonymous', 'mapped', 'answers'];

async function main(): Promise<void> {
  const built = await build();
  const runs: Served[] = [];
  for (const isCold of [true, false]) for (const rate of options.rates.split(',')) runs.push(await serve(Number(rate), isCold));
  const { size } = statSync(file);
  const held = runs[0]!.ends.reduce((sum, end) => sum + end);
  const whole = {
    learners: held,
    bytes: size,
    bytesPerLearner: size / held,
    recordBytes: meanBytes(),
    totalMemory: totalmem(),
    freeMemory: freemem(),
  };
  if (options.json) return console.log(JSON.stringify({ ...machine(), ...whole, built, runs }));
  console.log(`${Object.values(machine()).join(', ')}, ${mb(totalmem())} of memory`);
  console.log(`view of ${held.toLocaleString('en')} learners: ${(size / 1e9).toFixed(2)} GB, ${Math.round(size / held)} bytes a learner`);
  console.log(`records of ${Math.round(meanBytes())} bytes`);
  if (built !== null) {
    const rate = Math.round(learners / built.seconds).toLocaleString('en');
    console.log(
      `built in ${Math.round(built.seconds)} s (${rate} records/s, ${Math.round(built.cpuSeconds)} s of processor time, ${mb(built.mostAnonymous)} anonymous)`,
    );
  }
  console.log(`\n${markdown({ title: 'Random learners', columns: COLUMNS, rows: runs.map(rowOf) })}`);
}

try {
  await main();
} finally {
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
