/** `skillforge privacy record`. */
import type { Command } from 'commander';
import type { OwnInventory } from '../privacy/ownInventory.js';
import type { ProcessingRecord, Unlisted } from '../privacy/record.js';
import { loadTopology, topologyFiles } from '../topologyFiles.js';
import { EXIT } from './exitCodes.js';
import { holdsStorage } from './folder.js';
import { print, printJson } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface RecordOptions extends ToolOptions {
  readonly inventory?: string;
}

const DESCRIPTION = `Prints what is done with personal data: the record of processing that GDPR article 30 asks for. It is made of what the code declares (topics with
the class of each field, topologies, stores, features), of every topology in ./topologies, and of what is there: topics of the log, and entries of the folder.

Exit code 1 where something is in no entry: a topic, a topology, a store or an activity that nobody has said the purpose of, or a field without a class.
FILE of --inventory is JSON in which an installation says it for what is its own; see docs/reference/compliance.md.`;

/** Prints the record of processing. */
export function privacyRecordCommand(): Command {
  return toolCommand('record', 'print the record of processing, and check that it is whole', DESCRIPTION, [
    'skillforge privacy record',
    'skillforge privacy record --inventory ./inventory.json --json',
    'skillforge privacy record --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .option('--inventory <file>', "what the installation's own topics, topologies and stores are for, and who answers for them")
    .action(record);
}

async function record(options: RecordOptions): Promise<void> {
  const [{ readInventory }, { processingRecord }, { recordText }] = await Promise.all([
    import('../privacy/ownInventory.js'),
    import('../privacy/record.js'),
    import('../privacy/recordText.js'),
  ]);
  const own: OwnInventory = options.inventory === undefined ? {} : readInventory(options.inventory);
  const declared = processingRecord(await Promise.all(topologyFiles(process.cwd()).map(loadTopology)), own);
  const whole = { ...declared, unlisted: [...declared.unlisted, ...(await unlistedPlaces(declared, options))] };
  if (options.json) printJson(whole);
  else print(recordText(whole));
  if (whole.unlisted.length > 0) process.exitCode = EXIT.failed;
}

/** What is there, where there is anything: servers, or a folder that has been written. */
async function unlistedPlaces(declared: ProcessingRecord, options: RecordOptions): Promise<Unlisted[]> {
  const { unlistedEntries, unlistedTopics } = await import('../privacy/foundPlaces.js');
  if (options.kafka === undefined && !holdsStorage(options.data)) return unlistedEntries(declared, options.data);
  const found = await readingTools(options, async (tools) => (await tools.topics()).map(({ name }) => name));
  const topics = unlistedTopics(declared, options.region, found);
  return options.kafka === undefined ? [...topics, ...unlistedEntries(declared, options.data)] : topics;
}
