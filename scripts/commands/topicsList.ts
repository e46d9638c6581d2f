/** `skillforge topics list`. */
import type { Command } from 'commander';
import { durationText } from '../../operators/graphText.js';
import type { PartitionRange, Storage, TopicSpec } from '../../runtime/ports.js';
import { readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countText, print, printJson, tableText } from './output.js';

interface ListOptions extends FolderOptions {
  readonly partitions?: true;
}

interface ListedTopic extends TopicSpec {
  /** Offsets in use, over all partitions: in a compacted topic some of them are gone. */
  readonly records: number;
  readonly ranges: readonly PartitionRange[];
}

const DESCRIPTION = `Lists the topics of the folder, of all regions. "records" counts offsets from start to end; markers, which carry watermarks
in topics that topologies write, count too, and so do records that compaction has removed.`;

/** Lists topics. */
export function topicsListCommand(): Command {
  return folderCommand('list', 'list the topics of the folder', DESCRIPTION, ['skillforge topics list', 'skillforge topics list --partitions'])
    .option('--partitions', 'one line for each partition, with its first and next offset')
    .action(list);
}

async function list(options: ListOptions): Promise<void> {
  const topics = await readingFolder(options.data, listedTopics);
  if (options.json) return printJson(topics);
  print(options.partitions ? partitionsText(topics) : topicsText(topics));
}

function listedTopics(storage: Storage): ListedTopic[] {
  const specs = storage.log.topics().sort((a, b) => (a.name < b.name ? -1 : 1));
  return specs.map((spec) => {
    const ranges = Array.from({ length: spec.partitions }, (_, partition) => storage.log.range(spec.name, partition));
    return { ...spec, records: ranges.reduce((total, { start, end }) => total + end - start, 0), ranges };
  });
}

function topicsText(topics: readonly ListedTopic[]): string {
  const rows = topics.map(({ name, partitions, cleanup, retentionMs, records }) => [
    name,
    String(partitions),
    cleanup,
    retentionMs === null ? 'for ever' : durationText(retentionMs),
    countText(records),
  ]);
  return tableText(['topic', 'partitions', 'cleanup', 'kept', 'records'], rows);
}

function partitionsText(topics: readonly ListedTopic[]): string {
  const rows = topics.flatMap(({ name, ranges }) =>
    ranges.map(({ start, end }, partition) => [name, String(partition), countText(start), countText(end), countText(end - start)]),
  );
  return tableText(['topic', 'partition', 'start', 'end', 'records'], rows);
}
