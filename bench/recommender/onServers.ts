/** The topology of the recommendations over a Kafka and a Redis of its own, which runs in this process. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Models } from '../../operators/recommend/index.js';
import { openCluster, type Cluster } from '../../runtime/cluster/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { Worker } from '../../runtime/engine/worker.js';
import { openBroker } from '../../runtime/kafka/index.js';
import { localRecords } from '../../runtime/localTools.js';
import type { LocalStorage, OutputRecord } from '../../runtime/ports.js';
import { openRedis } from '../../runtime/redis/index.js';
import { startServices } from '../../scripts/services/index.js';
import recommendations from '../../topologies/recommendations.js';
import { progress } from '../report.js';
import { counted } from './countedModels.js';

/** What the topology reads. */
const READ = ['cohort-trends', 'curricula', 'learner-activity', 'learner-contexts', 'learner-features', 'learner-mastery', 'segment-recommendations'];
const CHUNK = 2_000;
const LOOK_MS = 50;
/** Nothing more comes when nothing came for so long, and nothing waits. */
const REST_MS = 3_000;

/** What a run on servers took, from its first decision to its last. */
export interface ServerRun {
  readonly decisions: number;
  readonly rows: number;
  readonly seconds: number;
  /** Of all threads of this process, without the servers. */
  readonly cpuSeconds: number;
}

/**
 * Sends what the other topologies wrote to Kafka, and decides there, with state in Redis and exactly once.
 * @throws SFS_SERVICE_MISSING where there are no such servers for this machine
 */
export async function runOnServers({ log }: LocalStorage, models: Models, region: string): Promise<ServerRun> {
  const services = await startServices({ brokers: 1, redis: 'single', report: progress });
  const brokers = [services.kafka!.bootstrapServers];
  const broker = await openBroker('confluent', { brokers, markerIdOf: (header) => markerIdOf(header) ?? 'marker' });
  const state = await openRedis({ url: services.redis!.url, region });
  const cluster = await openCluster({ broker, state, region, replication: 1, guarantee: 'exactly-once' });
  try {
    await send(log, cluster);
    return await decidedOn(cluster, models, region);
  } finally {
    for (const part of [cluster, broker, state, services]) await part.close();
  }
}

async function send(log: LocalStorage['log'], cluster: Cluster): Promise<void> {
  for (const spec of log.topics().filter(({ name }) => READ.includes(name.slice(name.indexOf('.') + 1)))) {
    await cluster.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      const records = [...localRecords(log, spec.name, partition)];
      for (let at = 0; at < records.length; at += CHUNK) {
        const chunk = records.slice(at, at + CHUNK);
        await cluster.log.append(chunk.map(({ key, value, header }): OutputRecord => ({ topic: spec.name, partition, key, value, header })));
      }
    }
  }
}

async function decidedOn(cluster: Cluster, models: Models, region: string): Promise<ServerRun> {
  const counting = counted(models);
  const worker = new Worker([recommendations], cluster, { region, mode: 'follow', models: counting.models });
  await worker.start();
  const running = worker.run();
  const look = () => ({ decisions: counting.decisions, cpu: process.cpuUsage(), atMs: performance.now() });
  let first = look();
  let last = first;
  const isResting = (): boolean => last.decisions > 0 && performance.now() - last.atMs > REST_MS && worker.runningTasks.every(({ lag }) => lag === 0);
  while (!isResting()) {
    await Promise.race([sleep(LOOK_MS), running]);
    if (counting.decisions === 0) first = last = look();
    else if (counting.decisions > last.decisions) last = look();
  }
  const { rows } = counting;
  worker.stop();
  await running;
  const cpuMicros = last.cpu.user + last.cpu.system - first.cpu.user - first.cpu.system;
  return { decisions: last.decisions, rows, seconds: (last.atMs - first.atMs) / 1e3, cpuSeconds: cpuMicros / 1e6 };
}
