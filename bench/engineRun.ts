/** Runs topologies through the engine, over what was appended before. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Topology } from '../operators/topology.js';
import { openEmbedded } from '../runtime/embedded/index.js';
import { Deployment } from '../runtime/engine/deployment.js';
import { markerIdOf } from '../runtime/engine/header.js';
import { partitionOf } from '../schemas/partitioner.js';
import type { StepLimits } from '../runtime/engine/taskParts.js';
import { Worker } from '../runtime/engine/worker.js';
import type { OutputRecord, LocalStorage } from '../runtime/ports.js';
import { memoryStorage } from '../runtime/testing/index.js';
import { keyOf, type Topic } from '../schemas/index.js';
import type { Run } from './measure.js';

export const REGION = 'bench';
/** Event time between two markers. A minute, as in production, would be a marker for each of these events. */
const MARKER_MS = 10 * 60_000;
const CHUNK = 5_000;

/** Values of a topic, made anew for each run: what is appended belongs to the storage. */
export interface Input<V> {
  readonly topic: Topic<string, V>;
  readonly values: () => Iterable<V>;
}

/** A run over a storage in memory. */
export async function inMemory(topology: Topology, inputs: readonly Input<never>[]): Promise<Run> {
  const storage = memoryStorage();
  for (const input of inputs) await append(storage, topology, input);
  return { work: () => runAll([topology], storage, {}) };
}

/** A run over a new folder of the embedded storage, which goes afterwards. @param prepared - what the folder gets before it is opened */
export async function onFolder(
  topologies: readonly Topology[],
  inputs: readonly Input<never>[],
  limits: Partial<StepLimits> = {},
  prepared: (folder: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-bench-'));
  await prepared(folder);
  const storage = await openEmbedded(folder, { markerIdOf });
  for (const input of inputs) await append(storage, topologies[0]!, input);
  const after = async (): Promise<void> => {
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { work: () => runAll(topologies, storage, limits), after };
}

async function append<V>(storage: LocalStorage, topology: Topology, { topic, values }: Input<V>): Promise<void> {
  const deployment = new Deployment(topology, REGION, storage);
  for (const spec of deployment.topicSpecs()) storage.log.ensureTopic(spec);
  const codec = deployment.codecOf(topic);
  const name = deployment.physicalName(topic);
  let chunk: OutputRecord[] = [];
  for (const value of values()) {
    const key = keyOf(topic, value);
    const bytes = Buffer.from(key);
    chunk.push({ topic: name, partition: partitionOf(bytes, topic.partitions), key: bytes, value: codec.encode(key, value), header: null });
    if (chunk.length < CHUNK) continue;
    await storage.log.append(chunk);
    chunk = [];
  }
  await storage.log.append(chunk);
}

async function runAll(topologies: readonly Topology[], storage: LocalStorage, limits: Partial<StepLimits>): Promise<void> {
  const worker = new Worker(topologies, storage, { region: REGION, mode: 'end-of-input', limits: { markerMs: MARKER_MS, ...limits } });
  await worker.start();
  await worker.run();
  for (const task of worker.runningTasks) if (task.progress.counters.deadLetters > 0) throw new Error(`${task.name} wrote dead letters`);
}
