/** `skillforge topics list`. */
import type { Command } from 'commander';
import { durationText } from '../../operators/graphText.js';
import type { PartitionRange, ToolAccess, TopicSpec } from '../../runtime/ports.js';
import { countText, print, printJson, tableText } from './output.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface ListOptions extends ToolOptions {
  readonly partitions?: true;
}

interface ListedTopic extends TopicSpec {
  /** From start to end, over all partitions: records, markers, and what compaction has removed. */
  readonly offsets: number;
  readonly ranges: readonly PartitionRange[];
}

const DESCRIPTION = `Lists the topics of the folder, of all regions; on servers those of the region. "offsets" counts them from start to end. These are no records alone: markers
lie between them, which tell readers how far the clock of a topology, or of an import, is; what compaction has removed keeps its
offset; and Kafka has a record of its own at the end of each transaction. "topics read" shows no markers; "counts" tells records from markers.`;

const NOTE = 'offsets: records, the markers between them, and what compaction removed; "counts" tells them apart';

/** Lists topics. */
export function topicsListCommand(): Command {
  return toolCommand('list', 'list topics', DESCRIPTION, ['skillforge topics list', 'skillforge topics list --partitions'])
    .option('--partitions', 'one line for each partition, with its first and next offset')
    .action(list);
}

async function list(options: ListOptions): Promise<void> {
  const topics = await readingTools(options, listedTopics);
  if (options.json) return printJson(topics);
  print(options.partitions ? partitionsText(topics) : topicsText(topics));
  if (topics.length > 0) print(NOTE);
}

async function listedTopics(tools: ToolAccess): Promise<ListedTopic[]> {
  const specs = [...(await tools.topics())].sort((a, b) => (a.name < b.name ? -1 : 1));
  const listed: ListedTopic[] = [];
  for (const spec of specs) {
    const ranges = await tools.ranges(spec.name);
    listed.push({ ...spec, offsets: ranges.reduce((total, { start, end }) => total + end - start, 0), ranges });
  }
  return listed;
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
