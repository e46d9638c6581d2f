/** `skillforge state get`. */
import type { Command } from 'commander';
import { SkillForgeError, type AvroSchema } from '../../schemas/index.js';
import { StateCodec } from '../../runtime/engine/stateCodec.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { findDeployed, type Deployed } from './deployed.js';
import { wholeNumber } from './options.js';
import { countText, countedText, jsonOf, print, printJson, tableText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

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

interface GetOptions extends ToolOptions {
  readonly limit: number;
}

/** Prints a row of state. */
export function stateGetCommand(): Command {
  return toolCommand('get <topology> [store] [key]', 'print a row of state', DESCRIPTION, [
    'skillforge state get learner-engagement',
    'skillforge state get learner-engagement features/state',
    'skillforge state get learner-engagement features/state course-1-learner-7',
  ])
    .option('--limit <n>', 'show at most so many keys; all are counted', wholeNumber(1), 20)
    .action(get);
}

async function get(topology: string, store: string | undefined, key: string | undefined, options: GetOptions): Promise<void> {
  await readingTools(options, async (tools) => {
    const deployed = findDeployed(tools, topology);
    if (store === undefined) return showStores(deployed, options);
    const place = storesOf(deployed).find((one) => one.store === store) ?? unknownStore(deployed, store);
    if (key === undefined) return showKeys(tools, deployed, place, options);
    showRows(await rowsOf(tools, deployed, place, key), key, options);
  });
}

function showStores(deployed: Deployed, { json }: ToolOptions): void {
  const stores = storesOf(deployed);
  if (json) return printJson({ topology: deployed.id, stores });
  print(
    tableText(
      ['store', 'stage', 'subtopologies'],
      stores.map((one) => [one.store, one.stage, one.subtopologies.join(', ')]),
    ),
  );
}

async function showKeys(tools: ToolAccess, deployed: Deployed, place: StoreOf, { json, limit }: GetOptions): Promise<void> {
  const shown: { readonly task: string; readonly key: string }[] = [];
  let total = 0;
  for (const task of tasksOfStore(deployed, place)) {
    for await (const { key } of tools.tasks.scan(task, place.store)) if (total++ < limit) shown.push({ task, key });
  }
  if (json) return printJson({ topology: deployed.id, store: place.store, total, keys: shown });
  const rows = shown.map((one) => [one.task, one.key]);
  print(total === 0 ? 'no rows' : `${tableText(['task', 'key'], rows)}\n${countText(shown.length)} of ${countedText(total, 'key')}`);
}

function showRows(rows: readonly FoundRow[], key: string, { json }: ToolOptions): void {
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

async function rowsOf(tools: ToolAccess, deployed: Deployed, place: StoreOf, key: string): Promise<FoundRow[]> {
  const codec = codecOf(tools, deployed, place.store);
  const rows: FoundRow[] = [];
  for (const task of tasksOfStore(deployed, place)) {
    const bytes = await tools.tasks.get(task, place.store, key);
    if (bytes !== null) rows.push({ task, key, row: codec.decode(bytes) });
  }
  return rows;
}

/** The schemas that the store's rows were written with lie beside the state. */
function codecOf(tools: ToolAccess, { id }: Deployed, store: string): StateCodec<unknown> {
  const kept = tools.documents.get(`state-schemas/${id}/${store}`);
  const versions = kept === null ? [] : (JSON.parse(kept.toString()) as AvroSchema[]);
  const newest = versions.at(-1);
  if (newest !== undefined) return new StateCodec<unknown>(store, { avro: newest }, versions);
  throw new SkillForgeError('SFS_STATE_SCHEMA', `there is no schema of store ${store} of ${id} beside the state`, {
    context: { topology: id, store },
  });
}
