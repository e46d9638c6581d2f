/** Writes `docs/reference/topics.md` from the topic catalogue and its schemas: `tsx scripts/topicReference/page.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { describe } from '../../operators/graph.js';
import { durationText } from '../../operators/graphText.js';
import type { Topology } from '../../operators/topology.js';
import { KEY_SEPARATOR, loadSchema, packageRoot, schemaOf, topics, type Topic } from '../../schemas/index.js';
import { loadTopology, ownTopologyFiles } from '../topologyFiles.js';
import { fieldRows, type FieldRow } from './fields.js';
import { writtenByProgram } from '../writtenFile.js';

type AnyTopic = Topic<string, unknown>;

const INTRODUCTION = `# Topics

<!-- Written by scripts/topicReference/page.ts from schemas/topics.ts and schemas/avro: change them, then run it. -->

The catalogue: \`topics\` of \`skillforge-streams/schemas\`. A topology may declare topics of its own beside it, with \`topic\`. In the log a topic has its region
before its name, such as \`eu-west.clicks\`: each region has its own, and no record leaves it.

| column | meaning |
|---|---|
| key | the fields of the value that make the key, joined by \`${KEY_SEPARATOR}\`; records of one key are in one partition, in order |
| kept | how long a record stays after it was appended; a compacted topic keeps the last record of each key, and a record without a value deletes its key |
| derived | written by a topology: its records carry their event time in a header, and markers with the watermarks of their writers run through it |
| written by | what writes it today, besides \`skillforge topics write\`, which fills any that is neither derived nor the engine's own; the catalogue is ahead of the code |
| personal | how the law sees a value: \`none\`, \`pseudonym\`, \`behavioural\`, \`profile\` or \`sensitive\`. The last three stand in the field \`personal\` alone: in clear, or, where a region has [data keys](../how-to/encrypt-personal-values.md), as a [\`Sealed\`](#sealed) record under the person's key |

\`a.b\` is the field \`b\` of the record \`a\`, \`a[].b\` that of each item of a list. A record that comes again is named, not spelled out. On the wire a value is a zero byte, the schema's id in
four bytes, and Avro binary ([ADR 0004](../adr/0004-schemas-and-envelope.md)).`;

/** What writes a topic besides topologies. */
const WRITERS: Readonly<Record<string, string>> = {
  [topics.clicks.name]: '`skillforge import`, `generate`, `start`',
  [topics.quizResults.name]: '`skillforge import`, `generate`, `start`',
  [topics.lmsEvents.name]: '`skillforge import`, `generate`, `start`',
  [topics.catalogue.name]: '`skillforge import`, `generate`, `start`',
  [topics.profiles.name]: '`skillforge import`, `generate`, `start`',
  [topics.batchFeatures.name]: '`skillforge features publish`',
  [topics.control.name]: 'the engine',
  [topics.measures.name]: '`skillforge oversight`',
  [topics.overrides.name]: '`skillforge oversight`',
  [topics.rightsRequests.name]: 'gateways',
  [topics.rightsOutcomes.name]: 'gateways, `skillforge privacy serve`',
  [topics.deadLetters.name]: 'the engine, `skillforge import`, `topics write`',
};
const OWN_TOPOLOGIES: readonly Topology[] = await Promise.all(ownTopologyFiles().map(loadTopology));

/** The text of the reference. */
export function topicReference(): string {
  const catalogue = Object.entries(topics as Readonly<Record<string, AnyTopic>>);
  const writers = writersOf(OWN_TOPOLOGIES);
  const rows = catalogue.map(([, topic]) => catalogueRow(topic, writers.get(topic.name) ?? WRITERS[topic.name] ?? 'nothing yet'));
  const table = ['| topic | key | partitions | cleanup | kept | derived | written by |', '|---|---|---|---|---|---|---|', ...rows].join('\n');
  return [INTRODUCTION, table, ...catalogue.map(([entry, topic]) => topicText(entry, topic)), sealedText()].join('\n\n') + '\n';
}

/** Topologies of this project by the topics that they write. */
function writersOf(topologies: readonly Topology[]): ReadonlyMap<string, string> {
  const sinks = topologies.flatMap((topology) => {
    const { name, stages } = describe(topology);
    return stages.filter(({ kind }) => kind === 'sink').map(({ topic }) => [topic!, `\`${name}\``] as const);
  });
  return new Map(sinks);
}

function catalogueRow(topic: AnyTopic, writer: string): string {
  const { name, partitions, cleanup, derived } = topic;
  return `| [\`${name}\`](#${name}) | ${keyText(topic)} | ${partitions} | ${cleanup} | ${keptText(topic)} | ${derived ? 'yes' : 'no'} | ${writer} |`;
}

const keyText = ({ keyFields }: AnyTopic): string => keyFields.map((field) => `\`${field}\``).join(', ');

function keptText({ cleanup, retentionMs }: AnyTopic): string {
  if (retentionMs !== null) return durationText(retentionMs);
  return cleanup === 'compact' ? 'last of each key' : 'for ever';
}

function topicText(entry: string, topic: AnyTopic): string {
  const schema = schemaOf(topic);
  const path = `schemas/avro/${topic.schemaName}.avsc`;
  const facts = `In code \`topics.${entry}\`; schema \`${schema.name}\`, [\`${path}\`](../../${path}): ${schema.doc ?? ''}`;
  return [`## ${topic.name}`, topic.description, facts, fieldTable(fieldRows(schema))].join('\n\n');
}

function sealedText(): string {
  const schema = loadSchema('sealed');
  return ['## Sealed', schema.doc ?? '', fieldTable(fieldRows(schema))].join('\n\n');
}

function fieldTable(rows: readonly FieldRow[]): string {
  const lines = rows.map(({ path, type, unit, personal, doc }) => `| \`${path}\` | ${cell(type)} | ${cell(unit)} | ${personal} | ${cell(doc)} |`);
  return ['| field | type | unit | personal | meaning |', '|---|---|---|---|---|', ...lines].join('\n');
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Where the reference lies. */
export const topicReferencePath = (): string => join(packageRoot(), 'docs', 'reference', 'topics.md');

await writtenByProgram(import.meta.url, topicReferencePath(), topicReference, 'tsx scripts/topicReference/page.ts');
