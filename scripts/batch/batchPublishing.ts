/** Publishes days of batch features into the topic that decisions look them up in. */
import { createHash } from 'node:crypto';
import { batchViews } from '../../operators/featureViews/index.js';
import { days as daysMs } from '../../operators/index.js';
import { SkillForgeError, topics } from '../../schemas/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { RecordAppender, appendingTo, prepareTopics } from '../commands/recordAppender.js';
import { topicRecords } from '../training/topicRecords.js';
import { dayNumber } from './days.js';
import { BatchOutputs } from './outputs.js';
import { publishedRows, type Courses, type Groups } from './publishedRows.js';

/** What to publish. */
export interface PublishOptions {
  /** Folder that "batch run" writes. */
  readonly features: string;
  readonly region: string;
  /** Ascending, such as 2025-09-01. */
  readonly days: readonly string[];
  /** Event time from when on decisions see the rows, ms: none before the end of their day. `null`: from then on; `now`: from when they are there. */
  readonly atMs: number | 'now' | null;
  /** ms since epoch (`Date.now`). */
  readonly clock?: () => number;
}

/** What was published. */
export interface PublishReport {
  /** Days that are new, or other than they were, with their records: one for each course and cohort. */
  readonly published: readonly { readonly day: string; readonly records: number }[];
  /** Days that had been published as they are. */
  readonly unchanged: readonly string[];
  /** Days before the last that was published: no decision would look at them. */
  readonly older: readonly string[];
}

/** What was published last; kept in one transaction with its records. */
interface LastDay {
  readonly day: string;
  /** Of the rows. */
  readonly digest: string;
  readonly knownFromMs: number;
  readonly groups: Groups;
}

/** As it was kept before what is in a group was: with the names of groups alone. */
type KeptDay = Omit<LastDay, 'groups'> & { readonly groups: Readonly<Record<string, Groups[string] | readonly string[]>> };

const isNames = (groups: KeptDay['groups'][string]): groups is readonly string[] => Array.isArray(groups);

function lastDayOf(kept: KeptDay | null): LastDay | null {
  if (kept === null) return null;
  const groups = Object.entries(kept.groups).map(([view, known]) => [
    view,
    isNames(known) ? Object.fromEntries(known.map((group) => [group, [] as readonly string[]])) : known,
  ]);
  return { ...kept, groups: Object.fromEntries(groups) as Groups };
}

/** A topology takes an event time of an hour ahead of the clock at most: what is known from later on would become a dead letter in each task. */
const MOST_AHEAD_MS = 30 * 60_000;
/** From `now` to when decisions may look: the record has to be in the log by then. */
const NOW_MARGIN_MS = 60_000;
/** A row that is known later than this after its day would have expired before the next one comes. */
const LATEST_MS = Math.min(...batchViews.map(({ ttlMs }) => ttlMs ?? Infinity));

/**
 * Publishes days in their order, each in one transaction: a call that was cut off goes on where it was, and one that is repeated changes nothing.
 * The last day may be published again when it was made again; what lies before it is left out.
 * @throws SFS_BATCH_OUTPUT for a day that was not made; SFS_USAGE for an instant that a day cannot have; SFS_FENCED, SFS_TOPIC_MISMATCH, and what
 * reading and a commit throw
 */
export async function publishBatch(tools: ToolAccess, { features, region, days, atMs, clock = Date.now }: PublishOptions): Promise<PublishReport> {
  const outputs = BatchOutputs.open(features, region);
  const instant = (): number | null => (atMs === 'now' ? clock() + NOW_MARGIN_MS : atMs);
  for (const day of days) assertPublishable(outputs, day, instant());
  const courses = await coursesIn(tools, region);
  await prepareTopics(tools, region, topics.batchFeatures);
  const name = `publish/${region}/${topics.batchFeatures.name}`;
  const writer = await tools.writer(name, []);
  const report = { published: [] as { day: string; records: number }[], unchanged: [] as string[], older: [] as string[] };
  try {
    const appender = new RecordAppender(appendingTo(writer, tools.schemas), topics.batchFeatures, region, name);
    let last = lastDayOf(appender.progress<KeptDay>());
    for (const day of days) {
      if (last !== null && day < last.day) {
        report.older.push(day);
        continue;
      }
      const { records, next } = await dayAfter(last, day, { outputs, courses, instant });
      if (last?.day === day && last.digest === next.digest) {
        report.unchanged.push(day);
        continue;
      }
      assertNotAhead(next, clock());
      for (const record of records) appender.add({ ...record, region, knownFromMs: next.knownFromMs });
      await appender.commit((last = next));
      report.published.push({ day, records: records.length });
    }
    await appender.finish();
    return report;
  } finally {
    await writer.close();
  }
}

/** What days are made of. */
interface DaySource {
  readonly outputs: BatchOutputs;
  readonly courses: Courses;
  /** See {@link PublishOptions.atMs}. */
  readonly instant: () => number | null;
}

/** The records of a day, and what is kept of it once they are there. */
async function dayAfter(last: LastDay | null, day: string, { outputs, courses, instant }: DaySource) {
  const endMs = endOf(day);
  const { records, lasting, groups } = await publishedRows({ endMs, pathOf: (model) => outputs.path(model, day) }, courses, last?.groups ?? {});
  // Without what is told once of the day before alone: a repeated call does not tell it again.
  const digest = createHash('sha256').update(JSON.stringify(lasting)).digest('hex');
  // Never before what was known already: it would go unseen behind it.
  const knownFromMs = Math.max(endMs, instant() ?? endMs, last?.knownFromMs ?? endMs);
  return { records, next: { day, digest, knownFromMs, groups } satisfies LastDay };
}

/** What came so would be lost for all decisions, and whatever is published next could not be known before it. */
function assertNotAhead({ day, knownFromMs }: LastDay, nowMs: number): void {
  if (knownFromMs <= nowMs + MOST_AHEAD_MS) return;
  throw new SkillForgeError('SFS_USAGE', `rows of ${day} would be known from ${new Date(knownFromMs).toISOString()} on, which is yet to come`);
}

const endOf = (day: string): number => daysMs(dayNumber(day) + 1);

function assertPublishable(outputs: BatchOutputs, day: string, atMs: number | null): void {
  if (outputs.day(day) === null) {
    throw new SkillForgeError('SFS_BATCH_OUTPUT', `${outputs.folder} has no batch features of ${day}: "skillforge batch run" makes them`, {
      context: { day },
    });
  }
  if (atMs === null || atMs <= endOf(day) + LATEST_MS) return;
  throw new SkillForgeError('SFS_USAGE', `rows of ${day} would have expired by ${new Date(atMs).toISOString()}: give --at an earlier instant`);
}

/** Items of each course, by the last statement of the catalogue of each. */
async function coursesIn(tools: ToolAccess, region: string): Promise<Courses> {
  const told = new Map<string, { readonly course: string; readonly updatedAtMs: number }>();
  for await (const { item, course, updatedAtMs } of (await topicRecords(tools, region, topics.catalogue)).all()) {
    const known = told.get(item);
    if (known === undefined || known.updatedAtMs <= updatedAtMs) told.set(item, { course, updatedAtMs });
  }
  const courses = new Map<string, string[]>();
  for (const [item, { course }] of [...told].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const items = courses.get(course);
    if (items === undefined) courses.set(course, [item]);
    else items.push(item);
  }
  return courses;
}
