/** `skillforge state get`. */
import type { Command } from 'commander';
import { SkillForgeError, type AvroSchema } from '../../schemas/index.js';
import { StateCodec } from '../../runtime/engine/stateCodec.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { findDeployed, type Deployed } from './deployed.js';
import { readingFolder } from './folder.js';
import { folderCommand, wholeNumber, type FolderOptions } from './options.js';
import { countText, countedText, jsonOf, print, printJson, tableText } from './output.js';

/** A row of state in one task. */
interface FoundRow {
  readonly task: string;
  readonly key: string;
  readonly row: unknown;
}

interface StoreOf {
  readonly store: string;
  readonly stage: string;
  readonly subtopologies: readonly number[];
}

const DESCRIPTION = `Prints a row of a store as of its last commit, decoded with the schema it was written with. Works beside a running "run".
Without STORE it lists the stores of the topology, without KEY the first keys of the store. A topology is its newest version unless
it is given as name@version. A key may be in several tasks where an operator changed the key on the way: all of them are shown.`;

interface GetOptions extends FolderOptions {
  readonly limit: number;
}

/** Prints a row of state. */
export function stateGetCommand(): Command {
  return folderCommand('get <topology> [store] [key]', 'print a row of state', DESCRIPTION, [
    'skillforge state get learner-engagement',
    'skillforge state get learner-engagement features/state',
    'skillforge state get learner-engagement features/state course-1-learner-7',
  ])
    .option('--limit <n>', 'show at most so many keys; all are counted', wholeNumber(1), 20)
    .action(get);
}

async function get(topology: string, store: string | undefined, key: string | undefined, options: GetOptions): Promise<void> {
  await readingFolder(options.data, (storage) => {
    const deployed = findDeployed(storage, topology);
    if (store === undefined) return showStores(deployed, options);
    const place = storesOf(deployed).find((one) => one.store === store) ?? unknownStore(deployed, store);
    if (key === undefined) return showKeys(storage, deployed, place, options);
    showRows(rowsOf(storage, deployed, place, key), key, options);
  });
}

function showStores(deployed: Deployed, { json }: FolderOptions): void {
  const stores = storesOf(deployed);
  if (json) return printJson({ topology: deployed.id, stores });
  print(
    tableText(
      ['store', 'stage', 'subtopologies'],
      stores.map((one) => [one.store, one.stage, one.subtopologies.join(', ')]),
    ),
  );
}

function showKeys(storage: LocalStorage, deployed: Deployed, place: StoreOf, { json, limit }: GetOptions): void {
  const shown: { readonly task: string; readonly key: string }[] = [];
  let total = 0;
  for (const task of tasksOfStore(deployed, place)) {
    for (const { key } of storage.tasks.scan(task, place.store)) if (total++ < limit) shown.push({ task, key });
  }
  if (json) return printJson({ topology: deployed.id, store: place.store, total, keys: shown });
  const rows = shown.map((one) => [one.task, one.key]);
  print(total === 0 ? 'no rows' : `${tableText(['task', 'key'], rows)}\n${countText(shown.length)} of ${countedText(total, 'key')}`);
}

function showRows(rows: readonly FoundRow[], key: string, { json }: FolderOptions): void {
  if (json) return printJson({ key, rows });
  print(rows.length === 0 ? `no row has the key ${key}` : rows.map(({ task, row }) => `${task}  ${key}  ${jsonOf(row)}`).join('\n'));
}

function storesOf({ graph }: Deployed): StoreOf[] {
  return graph.stages.flatMap((stage) => {
    const subtopologies = graph.subtopologies.filter((one) => one.stageIds.includes(stage.id)).map((one) => one.index);
    return stage.stores.map(({ name }) => ({ store: name, stage: stage.id, subtopologies }));
  });
}

function unknownStore(deployed: Deployed, store: string): never {
  const known =
    storesOf(deployed)
      .map((one) => one.store)
      .join(', ') || 'none';
  throw new SkillForgeError('SFS_STORE_UNKNOWN', `${deployed.id} has no store ${store}; it has ${known}`, {
    context: { topology: deployed.id, store },
  });
}

function tasksOfStore({ id, graph }: Deployed, { subtopologies }: StoreOf): string[] {
  return graph.subtopologies
    .filter((one) => subtopologies.includes(one.index))
    .flatMap((one) => Array.from({ length: one.partitions }, (_, partition) => `${id}/${one.index}/${partition}`));
}

function rowsOf(storage: LocalStorage, deployed: Deployed, place: StoreOf, key: string): FoundRow[] {
  const codec = codecOf(storage, deployed, place.store);
  return tasksOfStore(deployed, place).flatMap((task) => {
    const bytes = storage.tasks.get(task, place.store, key);
    return bytes === null ? [] : [{ task, key, row: codec.decode(bytes) }];
  });
}

/** The schemas that the store's rows were written with lie beside the state. */
function codecOf(storage: LocalStorage, { id }: Deployed, store: string): StateCodec<unknown> {
  const kept = storage.documents.get(`state-schemas/${id}/${store}`);
  const versions = kept === null ? [] : (JSON.parse(kept.toString()) as AvroSchema[]);
  const newest = versions.at(-1);
  if (newest !== undefined) return new StateCodec<unknown>(store, { avro: newest }, versions);
  throw new SkillForgeError('SFS_STATE_SCHEMA', `the folder holds no schema of store ${store} of ${id}`, { context: { topology: id, store } });
}
