/** `skillforge topics list`. */
import type { Command } from 'commander';
import { durationText } from '../../operators/graphText.js';
import type { PartitionRange, LocalStorage, TopicSpec } from '../../runtime/ports.js';
import { readingFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { countText, print, printJson, tableText } from './output.js';

interface ListOptions extends FolderOptions {
  readonly partitions?: true;
}

interface ListedTopic extends TopicSpec {
  /** From start to end, over all partitions: records, markers, and what compaction has removed. */
  readonly offsets: number;
  readonly ranges: readonly PartitionRange[];
}

const DESCRIPTION = `Lists the topics of the folder, of all regions. "offsets" counts them from start to end. These are no records alone: markers
lie between them, which tell readers how far the clock of a topology, or of an import, is; and what compaction has removed keeps its
offset. "topics read" shows no markers; "counts" tells records from markers.`;

const NOTE = 'offsets: records, the markers between them, and what compaction removed; "counts" tells them apart';

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
  if (topics.length > 0) print(NOTE);
}

function listedTopics(storage: LocalStorage): ListedTopic[] {
  const specs = storage.log.topics().sort((a, b) => (a.name < b.name ? -1 : 1));
  return specs.map((spec) => {
    const ranges = Array.from({ length: spec.partitions }, (_, partition) => storage.log.range(spec.name, partition));
    return { ...spec, offsets: ranges.reduce((total, { start, end }) => total + end - start, 0), ranges };
  });
}

function topicsText(topics: readonly ListedTopic[]): string {
  const rows = topics.map(({ name, partitions, cleanup, retentionMs, offsets }) => [
    name,
    String(partitions),
    cleanup,
    retentionMs === null ? 'for ever' : durationText(retentionMs),
    countText(offsets),
  ]);
  return tableText(['topic', 'partitions', 'cleanup', 'kept', 'offsets'], rows);
}

function partitionsText(topics: readonly ListedTopic[]): string {
  const rows = topics.flatMap(({ name, ranges }) =>
    ranges.map(({ start, end }, partition) => [name, String(partition), countText(start), countText(end), countText(end - start)]),
  );
  return tableText(['topic', 'partition', 'start', 'end', 'offsets'], rows);
}
