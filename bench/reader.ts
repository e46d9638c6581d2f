/**
 * The reader over HTTP against (a) a bare route of fastify and (b) a reader in Python, FastAPI before Redis, of the same contract; each one process, asked in
 * turn by the same load: `npm run bench:reader -- [--seconds N] [--rounds N] [--rate N] [--json]`. (b) needs `npm run ml:setup -- reader-peer`; without
 * it the other figures are told: `ratio` is the reader to (b), `helloRatio` the reader to (a). Both ask 200 learners again and again, which the reader may
 * keep answers for; `first` is the reader that is asked each question once, of which it has none kept: `firstRatio` and `firstHelloRatio`.
 * `goals` has what is asked of each figure; the exit code is 1 where one is missed or could not be measured.
 * `traced` is the reader with spans of every answer. Then the reader and the bare route at a rate that they can keep, each on a core of its own, and the load on another: for three
 * times as long, as what is rare decides there. The servers run compiled, as users run them: a loader of TypeScript is a second heap to collect.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Redis } from 'ioredis';
import ts from 'typescript';
import { isInstalled, pythonOf, setupCommand } from '../scripts/ml/python.js';
import { startServices } from '../scripts/services/index.js';
import { fullLoad, pacedLoad, type LoadResult } from './loads.js';
import { LEARNERS, learnerAt, recordOf } from './readerServers.js';
import { machine, markdown, progress } from './report.js';

const CONNECTIONS = 16;
/** Paths that are asked for in turn. */
const PATHS = 200;
/** Everything is warm after so long, s. */
const WARM_UP_S = 2;
/** At a rate, times as long as a round. */
const PACED_ROUNDS = 3;

interface Contender {
  readonly name: 'hello' | 'reader' | 'first' | 'traced' | 'peer';
  readonly url: string;
  readonly paths: readonly string[];
  readonly pid: number;
  close(): Promise<void>;
}

/** Rates and latencies of one server: the median round by rate. */
interface Measured {
  readonly name: string;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const learnerPaths = Array.from({ length: PATHS }, (_, at) => `/v1/learners/${learnerAt((at * 37) % LEARNERS)}/recommendations`);

/** So many that none is still kept when its turn comes again; an item that nobody knows is left out of each. */
const FIRST_PATHS = 30_000;
const firstPaths = Array.from(
  { length: FIRST_PATHS },
  (_, at) => `/v1/learners/${learnerAt((at * 37) % LEARNERS)}/recommendations?exclude=none-${at}`,
);

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/** The first line of a program that matches; fails when it ends before. */
async function said(child: ChildProcess, output: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  const lines = createInterface({ input: output });
  const exit = once(child, 'exit').then(() => Promise.reject(new Error('a server of the benchmark ended before it listened')));
  const line = (async () => {
    for await (const text of lines) if (pattern.test(text)) return pattern.exec(text)![0];
    throw new Error('a server of the benchmark said nothing');
  })();
  exit.catch(() => undefined);
  const found = await Promise.race([line, exit]);
  output.resume();
  return found;
}

/** Where the built product is what the servers import. */
const BUILT = join(import.meta.dirname, '..', 'dist', 'bench');
const SERVERS = join(BUILT, 'readerServers.js');

/** Writes the program of the servers as JavaScript beside the built product. */
function compileServers(): void {
  const source = join(import.meta.dirname, 'readerServers.ts');
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  mkdirSync(BUILT, { recursive: true });
  writeFileSync(SERVERS, ts.transpileModule(readFileSync(source, 'utf8'), { compilerOptions }).outputText);
}

async function nodeServer(name: 'hello' | 'reader' | 'first' | 'traced', paths: readonly string[]): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-bench-reader-'));
  const child = spawn(process.execPath, [SERVERS, name === 'first' ? 'reader' : name, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await said(child, child.stdout, /http:\S+/);
  const close = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  return { name, url, paths, pid: child.pid!, close };
}

async function peerServer(): Promise<Contender> {
  const services = await startServices({ redis: 'single', report: progress });
  const { url: redisUrl } = services.redis!;
  await fillRedis(redisUrl);
  const args = ['-m', 'uvicorn', 'reader_peer:app', '--port', '0', '--loop', 'uvloop', '--http', 'httptools', '--no-access-log'];
  const env = { ...process.env, REDIS_URL: redisUrl, PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn(pythonOf('reader-peer'), args, { cwd: import.meta.dirname, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const url = await said(child, child.stderr, /http:\/\/[\d.]+:\d+/);
  const close = async (): Promise<void> => {
    await ended(child);
    await services.close();
  };
  return { name: 'peer', url, paths: learnerPaths, pid: child.pid!, close };
}

async function fillRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  const pipeline = redis.pipeline();
  for (let at = 0; at < LEARNERS; at++) {
    const { madeAtMs, validUntilMs, modelVersion: model, topologyVersion, variant, personal } = recordOf(learnerAt(at));
    const record = { madeAt: instant(madeAtMs), validUntil: instant(validUntilMs), model, topologyVersion, variant, courses: personal.courses };
    pipeline.set(`rec:${learnerAt(at)}`, JSON.stringify(record));
  }
  await pipeline.exec();
  await redis.quit();
}

const instant = (timeMs: number): string => new Date(timeMs).toISOString();

/** The paths of a server in turn, over all connections. */
function turnsOf({ paths }: Contender): () => string {
  let asked = 0;
  return () => paths[asked++ % paths.length]!;
}

async function load(contender: Contender, seconds: number): Promise<LoadResult> {
  const { name, url } = contender;
  const result = await fullLoad({ port: Number(new URL(url).port), nextPath: turnsOf(contender), seconds, connections: CONNECTIONS });
  const others = Object.entries(result.statuses).filter(([status]) => status !== '200');
  if (others.length > 0) throw new Error(`${name} answered ${others.map(([status, count]) => `${count} requests with ${status}`).join(', ')}`);
  return result;
}

/** Asks each in turn, `rounds` times: what else the machine does falls on all of them alike. */
async function measured(contenders: readonly Contender[], rounds: number, seconds: number): Promise<Measured[]> {
  const runs = new Map<string, LoadResult[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await load(contender, WARM_UP_S);
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      progress(`round ${round} of ${rounds}: ${contender.name}`);
      runs.get(contender.name)!.push(await load(contender, seconds));
    }
  }
  return [...runs].map(([name, loads]) => {
    const { perSecond, p50Ms, p99Ms } = [...loads].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(loads.length / 2)]!;
    return { name, perSecond, p50Ms, p99Ms };
  });
}

/** At a rate, with a core for the server and one for the load. */
interface Paced extends LoadResult {
  readonly name: string;
  readonly asked: number;
}

/** @param core - `null` for any */
function pin(pid: number, core: number | null): void {
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', core === null ? `0-${cpus().length - 1}` : String(core), String(pid)]);
}

async function paced(contender: Contender, perSecond: number, seconds: number): Promise<Paced> {
  const { name, url, pid } = contender;
  progress(`${name} at ${perSecond} requests/s`);
  const options = { port: Number(new URL(url).port), nextPath: turnsOf(contender), perSecond };
  pin(pid, 0);
  pin(process.pid, 1);
  try {
    await pacedLoad({ ...options, seconds: WARM_UP_S });
    return { name, asked: perSecond, ...(await pacedLoad({ ...options, seconds })) };
  } finally {
    pin(pid, null);
    pin(process.pid, null);
  }
}

/** Whether (b) gives what the reader gives: a benchmark of two contracts would say nothing. */
async function assertSame(one: Contender, other: Contender): Promise<void> {
  for (const path of [...one.paths.slice(0, 3), `${one.paths[0]!}?limit=3&explain=false&list=new`]) {
    const items = await Promise.all([one, other].map(async ({ url }) => ((await (await fetch(url + path)).json()) as { items: object }).items));
    if (JSON.stringify(items[0]) !== JSON.stringify(sortedLike(items))) throw new Error(`${other.name} answers ${path} in another way`);
  }
}

/** Fields of an object have no order: the other's in that of the first. */
function sortedLike([first, second]: readonly object[]): unknown {
  const rows = (of: object | undefined): Record<string, unknown>[] => of as Record<string, unknown>[];
  return rows(second).map((row, at) => Object.fromEntries(Object.keys(rows(first)[at] ?? {}).map((name) => [name, row[name]])));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      rounds: { type: 'string', default: '3' },
      rate: { type: 'string', default: '5000' },
      json: { type: 'boolean' },
    },
  });
  const hasPeer = isInstalled('reader-peer');
  if (!hasPeer) progress(`without the peer: ${setupCommand('reader-peer')} gets it`);
  const contenders: Contender[] = [];
  compileServers();
  try {
    contenders.push(await nodeServer('hello', ['/hello']));
    contenders.push(await nodeServer('reader', learnerPaths));
    contenders.push(await nodeServer('first', firstPaths));
    contenders.push(await nodeServer('traced', learnerPaths));
    if (hasPeer) {
      contenders.push(await peerServer());
      await assertSame(contenders[1]!, contenders.at(-1)!);
    }
    const seconds = Number(values.seconds);
    const servers = await measured(contenders, Number(values.rounds), seconds);
    // What comes next may take long on a busy machine.
    for (const { name, perSecond, p99Ms } of servers) progress(`${name}: ${Math.round(perSecond)} requests/s, p99 ${p99Ms.toFixed(2)} ms`);
    const atRate: Paced[] = [];
    for (const contender of contenders.slice(0, 3)) atRate.push(await paced(contender, Number(values.rate), PACED_ROUNDS * seconds));
    show(servers, atRate, values.json === true);
  } finally {
    for (const contender of contenders) await contender.close();
    rmSync(BUILT, { recursive: true, force: true });
  }
}

function show(servers: readonly Measured[], atRate: readonly Paced[], json: boolean): void {
  const rateOf = (name: Contender['name']): number | null => servers.find((one) => one.name === name)?.perSecond ?? null;
  const [reader, first] = [rateOf('reader')!, rateOf('first')!];
  const [hello, peer] = [rateOf('hello')!, rateOf('peer')];
  const toPeer = (rate: number): number | null => (peer === null ? null : rate / peer);
  const ratios = { ratio: toPeer(reader), helloRatio: reader / hello, firstRatio: toPeer(first), firstHelloRatio: first / hello };
  const goals = goalsOf(ratios, servers, atRate);
  if (Object.values(goals).some(({ holds }) => !holds)) process.exitCode = 1;
  if (json) return console.log(JSON.stringify({ ...ratios, goals, connections: CONNECTIONS, ...machine(), servers, atRate }));
  const rows = servers.map(({ name, perSecond, p50Ms, p99Ms }) => [name, perSecond, `${p50Ms.toFixed(2)} ms`, `${p99Ms.toFixed(2)} ms`]);
  console.log(
    markdown({ title: `${CONNECTIONS} connections; ${Object.values(machine()).join(', ')}`, columns: ['server', 'requests/s', 'p50', 'p99'], rows }),
  );
  const figures = ({ p50Ms, p99Ms, p999Ms }: Paced): string[] => [p50Ms, p99Ms, p999Ms].map((ms) => `${ms.toFixed(2)} ms`);
  const pacedRows = atRate.map((one) => [one.name, one.asked, one.perSecond, ...figures(one), Object.keys(one.statuses).join(', ')]);
  const columns = ['server', 'asked/s', 'answered/s', 'p50', 'p99', 'p99.9', 'statuses'];
  console.log(`\n${markdown({ title: 'At a rate: a core for the server, one for the load', columns, rows: pacedRows })}`);
  const told = (ratio: number | null): string => ratio?.toFixed(2) ?? 'not measured';
  console.log(`\nreader / hello ${told(ratios.helloRatio)}, reader / peer ${told(ratios.ratio)}`);
  console.log(`asked once: reader / hello ${told(ratios.firstHelloRatio)}, reader / peer ${told(ratios.firstRatio)}`);
  const goalRows = Object.entries(goals).map(([name, { value, bound, holds }]) => [name, told(value), bound, holds ? 'holds' : 'missed']);
  console.log(`\n${markdown({ title: 'Goals', columns: ['figure', 'measured', 'asked for', 'verdict'], rows: goalRows })}`);
}

/** What is asked of a figure, such as `>= 0.6`. */
interface Goal {
  readonly value: number | null;
  readonly bound: string;
  readonly holds: boolean;
}

type Ratios = Readonly<Record<'ratio' | 'helloRatio' | 'firstRatio' | 'firstHelloRatio', number | null>>;

/** The goals of an answer that may be kept, and of one that is asked once. A lower p99 is asked of the rounds at full rate. */
function goalsOf(ratios: Ratios, servers: readonly Measured[], atRate: readonly Paced[]): Record<string, Goal> {
  const atLeast = (value: number | null, bound: number): Goal => ({ value, bound: `>= ${bound}`, holds: value !== null && value >= bound });
  const below = (value: number | null, bound: number | null): Goal => ({
    value,
    bound: `< ${bound?.toFixed(2) ?? 'not measured'}`,
    holds: value !== null && bound !== null && value < bound,
  });
  const p99Of = (name: string): number | null => servers.find((one) => one.name === name)?.p99Ms ?? null;
  const paceOf = (name: string): Paced | undefined => atRate.find((one) => one.name === name);
  const of = (name: 'reader' | 'first', [toHello, toPeer]: readonly (number | null)[]): [string, Goal][] => [
    [`${name}: of the rate of a bare route`, atLeast(toHello!, 0.6)],
    [`${name}: times the rate of the peer`, atLeast(toPeer!, 5)],
    [`${name}: p99 beside that of the peer, ms`, below(p99Of(name), p99Of('peer'))],
    [`${name}: p50 at the rate, ms`, below(paceOf(name)?.p50Ms ?? null, 1)],
    [`${name}: p99 at the rate, ms`, below(paceOf(name)?.p99Ms ?? null, 3)],
  ];
  return Object.fromEntries([...of('reader', [ratios.helloRatio, ratios.ratio]), ...of('first', [ratios.firstHelloRatio, ratios.firstRatio])]);
}

await main();
