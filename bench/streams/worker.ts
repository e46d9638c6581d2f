/** One worker process of the benchmark: `worker.ts OPTIONS`, as JSON. Ends at SIGTERM, then prints one line of JSON. */
import { openCluster, type Guarantee } from '../../runtime/cluster/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { Worker } from '../../runtime/engine/worker.js';
import { openBroker } from '../../runtime/kafka/index.js';
import { openRedis } from '../../runtime/redis/index.js';
import type { BenchClick } from './clicks.js';
import { clickWindows, type JobOptions } from './job.js';

/** What a worker process is told. */
export interface WorkerProcessOptions extends JobOptions {
  readonly kafka: string;
  readonly redis: string;
  readonly region: string;
  readonly guarantee: Guarantee;
}

/** What a process of either side tells at its end. CPU time is that since its first record, of all its threads. */
export interface ProcessReport {
  readonly firstMs: number;
  readonly endMs: number;
  readonly cpuMs: number;
  /** Most memory of the process, MiB. */
  readonly peakMb: number;
}

const options = JSON.parse(process.argv[2]!) as WorkerProcessOptions;
let firstMs = 0;
let cpuBefore = process.cpuUsage();

function eventTimeOf(click: BenchClick): number {
  if (firstMs === 0) {
    firstMs = Date.now();
    cpuBefore = process.cpuUsage();
  }
  return click.atMs;
}

const { kafka, redis, region, guarantee } = options;
const broker = await openBroker('confluent', { brokers: [kafka], markerIdOf: (header) => markerIdOf(header) ?? 'marker' });
const state = await openRedis({ url: redis, region });
const cluster = await openCluster({ broker, state, region, replication: 1, guarantee });
const worker = new Worker([clickWindows(options, eventTimeOf)], cluster, { region, mode: 'follow' });
process.once('SIGTERM', () => worker.stop());
await worker.start();
await worker.run();
const deadLetters = worker.runningTasks.reduce((sum, { progress }) => sum + progress.counters.deadLetters, 0);
if (deadLetters > 0) throw new Error(`${deadLetters} dead letters`);
for (const part of [cluster, broker, state]) await part.close();
const { user, system } = process.cpuUsage(cpuBefore);
console.log(
  JSON.stringify({ firstMs, endMs: Date.now(), cpuMs: (user + system) / 1e3, peakMb: process.resourceUsage().maxRSS / 1024 } satisfies ProcessReport),
);
