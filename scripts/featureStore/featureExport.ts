/** Writes what Feast's offline store reads: the rows of the stream views, and the decisions of the feature log with what they saw. */
import { join } from 'node:path';
import { topics } from '../../schemas/index.js';
import { featureServices, streamViews, type StreamView } from '../../operators/featureViews/index.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { viewsByTopic, type TopicViews } from '../../runtime/feast/viewRows.js';
import type { PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { rangesOf, topicRecords } from '../training/topicRecords.js';
import { ParquetTable, type TableColumn } from './parquetTable.js';
import { rankedFeatures, sourceOf } from './viewsFile.js';

/** What to export. */
export interface FeatureExportOptions {
  readonly region: string;
  /** A folder; files of an earlier export are replaced. */
  readonly out: string;
  readonly onProgress?: (progress: { readonly what: string; readonly done: number; readonly total: number }) => void;
}

/** What was exported. */
export interface FeatureExportCounts {
  /** By view. */
  readonly rows: Readonly<Record<string, number>>;
  readonly unreadable: number;
  readonly decisions: number;
  readonly candidates: number;
  /** Decisions that are left out, as their features are not those of this program. */
  readonly otherFeatures: number;
  /** Decisions of another region, which are left out. */
  readonly otherRegion: number;
}

/** The file of decisions in the folder of an export. */
export const DECISIONS_FILE = 'decisions.parquet';
const MS_MICROS = 1000;
const TELL_EVERY = 1_000;

/** Writes an export. Memory is bounded. @throws SFS_FILE_UNWRITABLE, and what reading throws */
export async function exportFeatures(tools: ToolAccess, options: FeatureExportOptions): Promise<FeatureExportCounts> {
  const rows: Record<string, number> = {};
  let unreadable = 0;
  for (const views of viewsByTopic(streamViews, options.region, tools.schemas)) unreadable += await exportViews(tools, views, options, rows);
  return { rows, unreadable, ...(await exportDecisions(tools, options)) };
}

/** @returns how many records were unreadable */
async function exportViews(tools: ToolAccess, views: TopicViews, options: FeatureExportOptions, rows: Record<string, number>): Promise<number> {
  const tables = new Map(views.views.map((view) => [view, new ParquetTable(join(options.out, sourceOf(view)), columnsOf(view))] as const));
  let unreadable = 0;
  try {
    const ranges = await rangesOf(tools, views.topic);
    for (const [partition, range] of ranges.entries()) unreadable += await exportPartition(tools, views, { partition, range, tables, options });
    for (const [view, table] of tables) {
      table.finish();
      rows[view.name] = table.rows;
    }
    return unreadable;
  } finally {
    for (const table of tables.values()) table.abandon();
  }
}

interface PartitionExport {
  readonly partition: number;
  readonly range: PartitionRange;
  readonly tables: ReadonlyMap<StreamView, ParquetTable>;
  readonly options: FeatureExportOptions;
}

async function exportPartition(tools: ToolAccess, views: TopicViews, { partition, range, tables, options }: PartitionExport): Promise<number> {
  let [unreadable, createdMicros, read] = [0, 0, 0];
  for await (const record of tools.records(views.topic, partition, range.start)) {
    if (++read % TELL_EVERY === 0) options.onProgress?.({ what: views.topic, done: record.offset - range.start, total: range.end - range.start });
    const rows = views.rowsOf(partition, record);
    if (rows === null) unreadable++;
    // Of rows of one event time the one that was appended last counts, so no two of a partition have the same instant.
    createdMicros = Math.max(createdMicros + 1, record.appendTimeMs * MS_MICROS);
    for (const { view, entity, values, eventTimeMs } of rows ?? []) {
      tables.get(view)!.add([...view.entities.map((name) => entity[name]!), eventTimeMs * MS_MICROS, createdMicros, ...values]);
    }
  }
  return unreadable;
}

const columnsOf = ({ entities, features }: StreamView): TableColumn[] => [
  ...entities.map((name): TableColumn => ({ name, type: 'STRING' })),
  { name: 'event_timestamp', type: 'INSTANT' },
  { name: 'created_timestamp', type: 'INSTANT' },
  ...features,
];

/** A row for each logged candidate. `position` orders the decisions of a learner that were made at one instant. */
async function exportDecisions(
  tools: ToolAccess,
  { region, out, onProgress }: FeatureExportOptions,
): Promise<Pick<FeatureExportCounts, 'decisions' | 'candidates' | 'otherFeatures' | 'otherRegion'>> {
  const seen = featureServices.flatMap(({ views }) => rankedFeatures(views));
  const columns = seen.map(({ name }) => itemFeatures.column(name));
  const texts = ['decision', 'learner', 'course', 'cohort', 'item'].map((name): TableColumn => ({ name, type: 'STRING' }));
  const table = new ParquetTable(join(out, DECISIONS_FILE), [
    ...texts,
    { name: 'event_timestamp', type: 'INSTANT' },
    { name: 'position', type: 'INT64' },
    ...seen.map(({ name }): TableColumn => ({ name: `seen_${name}`, type: 'FLOAT' })),
  ]);
  const count = { decisions: 0, otherFeatures: 0 };
  try {
    const records = await topicRecords(tools, region, topics.featureLog);
    let position = 0;
    for await (const { decisionId, learner, decidedAtMs, featureSet, personal } of records.all()) {
      if (++position % TELL_EVERY === 0) onProgress?.({ what: topics.featureLog.name, done: position, total: records.offsets });
      if (featureSet !== itemFeatures.id) {
        count.otherFeatures++;
        continue;
      }
      count.decisions++;
      const { course, cohort, candidates } = personal;
      for (const { item, features } of candidates) {
        const place = [decisionId, learner, course, cohort, item, decidedAtMs * MS_MICROS, position];
        table.add([...place, ...columns.map((column) => features[column]!)]);
      }
    }
    table.finish();
    return { ...count, otherRegion: records.otherRegion, candidates: table.rows };
  } finally {
    table.abandon();
  }
}
