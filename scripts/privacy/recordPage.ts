/** Writes `docs/reference/record-of-processing.md` from the inventory: `tsx scripts/privacy/recordPage.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { loadTopology, ownTopologyFiles } from '../topologyFiles.js';
import { writtenByProgram } from '../writtenFile.js';
import { processingRecord, type ProcessingRecord } from './record.js';
import { classesOf } from './recordText.js';

const INTRODUCTION = `# Record of processing

<!-- Written by scripts/privacy/recordPage.ts from schemas/inventory, schemas/topics.ts and schemas/avro: change them, then run it. -->

What the project does with personal data, as GDPR article 30 asks a controller to record it. \`skillforge privacy record\` prints the same for an installation, with its
controller and with its own topologies, and fails where a topic, a field or a store is in no entry. The legal basis is the one that the code is made for; the controller
decides ([ADR 0027](../adr/0027-inventory.md)).

Transfers to third countries: `;

/** The text of the page. */
export async function recordPage(): Promise<string> {
  const record = processingRecord(await Promise.all(ownTopologyFiles().map(loadTopology)));
  return `${INTRODUCTION}${record.transfers}.\n\n${[...activityParts(record), ...placeParts(record), ...protectionParts(record)].join('\n\n')}\n`;
}

function activityParts({ activities }: ProcessingRecord): string[] {
  const rows = activities.map((one) => [`\`${one.name}\``, one.purpose, one.legalBasis, one.persons, one.recipients]);
  return ['## Activities', table(['activity', 'purpose', 'legal basis', 'persons', 'recipients'], rows)];
}

function placeParts({ topics, topologies, stores }: ProcessingRecord): string[] {
  return [
    '## Topics',
    'The class of each field stands in [topics.md](topics.md).',
    table(
      ['topic', 'personal data', 'kept', 'for'],
      topics.map((one) => [`[\`${one.name}\`](topics.md#${one.name})`, classesOf(one.fields), one.kept, one.activities.join(', ')]),
    ),
    '## State of topologies',
    'State and internal topics hold what their topology reads, and stay as long as its version runs.',
    table(
      ['topology', 'made of', 'for'],
      topologies.map((one) => [`\`${one.name}\``, one.sources.map((name) => `\`${name}\``).join(', '), one.activities.join(', ')]),
    ),
    '## Stores',
    table(
      ['store', 'what it is', 'personal data', 'kept', 'for'],
      stores.map((one) => [`\`${one.name}\``, one.description, one.holds.join(', '), one.kept, one.activities.join(', ')]),
    ),
  ];
}

function protectionParts({ features, measures }: ProcessingRecord): string[] {
  const classes = [...new Set(features.map(({ personal }) => personal))];
  const counts = classes.map((name) => [name, String(features.filter(({ personal }) => personal === name).length)]);
  return [
    '## Features of the ranker',
    'By the class of the data that they are made of; each stands in [The recommender](../explanation/recommender.md).',
    table(['class', 'features'], counts),
    '## Measures',
    measures.map((measure) => `- ${measure}`).join('\n'),
  ];
}

const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heading, heading.map(() => '---'), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
    .replaceAll('| --- ', '|---')
    .replaceAll('--- |', '---|');

/** Where the page lies. */
export const recordPagePath = (): string => join(packageRoot(), 'docs', 'reference', 'record-of-processing.md');

await writtenByProgram(import.meta.url, recordPagePath(), recordPage, 'tsx scripts/privacy/recordPage.ts');
