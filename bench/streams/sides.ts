/** One run of either side: processes that begin together, end when all is committed, and tell what they took. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Guarantee } from '../../runtime/cluster/index.js';
import { LocalSchemaIds, topicCodec } from '../../schemas/index.js';
import { resultsTopic } from './clicks.js';
import type { JavaProgram } from './jars.js';
import { topologyName, type JobEmission } from './job.js';
import type { Dataset } from './dataset.js';
import type { ProcessReport, WorkerProcessOptions } from './worker.js';

/** What one run took: from the first record to the end of the last process, everything flushed. */
export interface RunCost {
  readonly seconds: number;
  /** Of all processes of the side, without the servers. */
  readonly cpuSeconds: number;
  /** Most memory of one process, MiB. */
  readonly peakMb: number;
}

/** What both sides are told. */
export interface RunOptions {
  readonly run: string;
  readonly guarantee: Guarantee;
  readonly windowDays: number;
  /** Processes of this project, threads of the peer. */
  readonly width: number;
}

/** This project: worker processes over Kafka and Redis, until `done`; without it, until all is committed. */
export async function runOurs(dataset: Dataset, { width, ...options }: RunOptions, emission: JobEmission, done?: Promise<void>): Promise<RunCost> {
  const { region, servers } = dataset;
  await dataset.createResults(options.run);
  const told: WorkerProcessOptions = { ...options, emission, kafka: servers.kafka, redis: servers.redis, region };
  const args = ['--import', 'tsx', join(import.meta.dirname, 'worker.ts'), JSON.stringify(told)];
  const processes = Array.from({ length: width }, () => started(process.execPath, args));
  return costOf(processes, done ?? dataset.allCommitted(`skillforge.${region}.${topologyName(options.run)}@1`));
}

const STREAMS_GUARANTEE: Readonly<Record<Guarantee, string>> = { 'exactly-once': 'exactly_once_v2', idempotent: 'at_least_once' };

/** Kafka Streams, one process with threads. */
export async function runPeer(dataset: Dataset, { java, classPath }: JavaProgram, options: RunOptions): Promise<RunCost> {
  const { run, guarantee, width, windowDays } = options;
  const output = await dataset.createResults(run);
  const stateFolder = mkdtempSync(join(tmpdir(), 'sfs-streams-'));
  const application = `streams-${run}`;
  const { schemaId } = topicCodec(resultsTopic(run), new LocalSchemaIds());
  const place = [dataset.servers.kafka, application, dataset.input, output, schemaId, STREAMS_GUARANTEE[guarantee], width, stateFolder, windowDays];
  const args = ['-Xmx1g', '-XX:-UsePerfData', '-Dlog4j2.level=ERROR', '-cp', classPath, 'ClickWindows', ...place.map(String)];
  const peer = started(java, args);
  try {
    return await costOf([peer], dataset.allCommitted(application));
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly output: string[];
  readonly ended: Promise<number | null>;
}

function started(program: string, args: readonly string[]): Started {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output: string[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes.toString()));
  return { child, output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function endedEarly({ ended, output }: Started): Promise<never> {
  throw new Error(`a process ended before its work: ${await ended}; ${output.join('')}`);
}

/** Lets processes work until `done`, ends them, and sums up. A process that ends by itself has failed. */
async function costOf(processes: readonly Started[], done: Promise<void>): Promise<RunCost> {
  try {
    await Promise.race([done, ...processes.map(endedEarly)]);
  } catch (error) {
    for (const { child } of processes) child.kill('SIGKILL');
    throw error;
  }
  for (const { child } of processes) child.kill('SIGTERM');
  const reports: ProcessReport[] = [];
  for (const { ended, output } of processes) {
    await ended;
    reports.push(JSON.parse(output.join('').trim().split('\n').at(-1)!) as ProcessReport);
  }
  const firstMs = Math.min(...reports.map((one) => one.firstMs));
  const endMs = Math.max(...reports.map((one) => one.endMs));
  return {
    seconds: (endMs - firstMs) / 1e3,
    cpuSeconds: reports.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1e3,
    peakMb: Math.max(...reports.map((one) => one.peakMb)),
  };
}
