/** The tables of decisions and of their rows: what the feature log tells. */
import type { FeatureLog, LoggedCandidate, Opened } from '../../schemas/index.js';
import { itemFeatures } from '../../operators/recommend/index.js';
import { ColumnFiles } from './columnFile.js';
import type { TopicRecords } from './topicRecords.js';
import type { Numberings } from './numbering.js';
import type { Reading } from './reading.js';

const DECISION = { learner: 'u32', course: 'u16', at: 'f64', rows: 'u32' } as const;
const ROW = { item: 'u32', source: 'u8', next: 'i8', new: 'i8', weight: 'f32', features: 'f32' } as const;
const TELL_EVERY = 1_000;

/** What was written. */
export interface ExportedDecisions {
  readonly decisions: number;
  readonly rows: number;
  readonly otherFeatures: number;
}

/**
 * Writes the decisions made before `untilMs` by the features of this program, in the order of the log; the rows of a decision stand one after
 * the other, in the order of its log.
 *
 * @throws SFS_FILE_UNWRITABLE
 */
export async function exportDecisions(
  records: TopicRecords<Opened<FeatureLog>>,
  folder: string,
  numberings: Numberings,
  untilMs: number,
  reading: Reading,
): Promise<ExportedDecisions> {
  const decisions = new ColumnFiles(folder, 'decisions', DECISION);
  const rows = new ColumnFiles(folder, 'rows', ROW);
  const count = { read: 0, decisions: 0, rows: 0, otherFeatures: 0 };
  for await (const { learner, decidedAtMs, featureSet, personal } of records.all()) {
    if (++count.read % TELL_EVERY === 0) reading('decisions', count.read, records.offsets);
    if (decidedAtMs >= untilMs) continue;
    if (featureSet !== itemFeatures.id) {
      count.otherFeatures++;
      continue;
    }
    decisions.add('learner', numberings.learners.of(learner));
    decisions.add('course', numberings.courses.of(personal.course));
    decisions.add('at', decidedAtMs);
    decisions.add('rows', personal.candidates.length);
    numberings.cohorts.of(personal.cohort);
    for (const candidate of personal.candidates) addRow(rows, candidate, numberings);
    count.decisions++;
    count.rows += personal.candidates.length;
  }
  decisions.finish();
  rows.finish();
  const { decisions: made, rows: weighed, otherFeatures } = count;
  return { decisions: made, rows: weighed, otherFeatures };
}

function addRow(rows: ColumnFiles<keyof typeof ROW>, candidate: LoggedCandidate, { items, sources }: Numberings): void {
  const { item, source, nextRank, newRank, inclusionProbability, features } = candidate;
  rows.add('item', items.of(item));
  rows.add('source', sources.of(source));
  rows.add('next', nextRank);
  rows.add('new', newRank);
  rows.add('weight', 1 / inclusionProbability);
  for (const feature of features) rows.add('features', feature);
}
