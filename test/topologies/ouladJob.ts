/** The whole job on a folder: the import of an OULAD folder, then both topologies to the end of the input. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE } from '../../runtime/embedded/environment.js';
import { openEmbedded } from '../../runtime/embedded/index.js';
import type { Log, LocalStorage } from '../../runtime/ports.js';
import { physicalTopicName, topics } from '../../schemas/index.js';
import { importOulad, type OuladImportResult } from '../../scripts/commands/ouladImport.js';
import { runTopologies, type RunMode } from '../../scripts/commands/topologyRun.js';
import engagement from '../../topologies/learner-engagement.js';
import trends from '../../topologies/item-trends.js';
import { contentsOf, digestOf } from '../simulation/contents.js';
import { newFolder } from '../fixtures/folders.js';

export const REGION = 'eu-west';

/** A copy of a folder that no process has open. */
export function copyOf(folder: string): string {
  const copy = newFolder();
  copyFileSync(join(folder, DATA_FILE), join(copy, DATA_FILE));
  return copy;
}

/** Opens a folder for the time of `work`; nothing is compacted, so that every record can be compared. */
export async function onFolder<T>(folder: string, work: (storage: LocalStorage) => T | Promise<T>): Promise<T> {
  const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/** A new folder with what the files of `from` tell. */
export async function importedFolder(from: string): Promise<{ folder: string; imported: OuladImportResult }> {
  const folder = newFolder();
  const imported = await onFolder(folder, (storage) => importOulad(storage, from, { region: REGION }));
  return { folder, imported };
}

/** Runs both topologies. @param batchRecords - most records between two commits; by default the engine's */
export async function runJob(storage: LocalStorage, batchRecords?: number, mode: RunMode = 'end-of-input'): Promise<void> {
  await runTopologies(storage, [engagement, trends], { region: REGION, mode, batchRecords });
}

/** One line for all that the topologies left: state, timers, progress and every output. Runs over copies of one import have the same input. */
export function digestOfResults(storage: LocalStorage): string {
  const { log, tasks, documents } = storage;
  const results: Log = {
    topics: () => log.topics().filter(({ name }) => name !== physicalTopicName(REGION, topics.clicks.name)),
    range: (topic, partition) => log.range(topic, partition),
    read: (topic, partition, fromOffset, maxRecords) => log.read(topic, partition, fromOffset, maxRecords),
    ensureTopic: (spec) => log.ensureTopic(spec),
    append: (records) => log.append(records),
    onAppend: (listener) => log.onAppend(listener),
  };
  return digestOf(contentsOf({ log: results, tasks, documents, commit: (commit) => storage.commit(commit), close: () => storage.close() }));
}
