/** What became of the learners of an experiment: who was exposed to what, and what they did in the days after it. */
import { topics, type CourseId, type FeatureLog, type ItemId, type LearnerId, type Opened } from '../../schemas/index.js';
import { days } from '../../operators/duration.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { topicRecords } from '../training/topicRecords.js';

/** The metrics of a report, by name: what each is, of one learner. */
export const METRICS = {
  'active-days': 'days (UTC) of the window on which a learner clicked',
  items: 'different items that a learner used in the window',
  'listed-share': 'share of the first 10 of "next" that a learner used in the window, of the first logged decision in it',
  'quiz-score': 'mean score of the quizzes that a learner handed in in the window',
} as const;

/** A metric. */
export type MetricName = keyof typeof METRICS;

/** Of a learner; a metric that says nothing of them is absent. */
export type Outcome = Partial<Record<MetricName, number>>;

/** Which experiment, and how long its learners are looked at. */
export interface OutcomeOptions {
  readonly region: string;
  readonly experiment: string;
  /** From the exposure on, in days. */
  readonly windowDays: number;
}

/** An experiment as it went. */
export interface Outcomes {
  /** Of the learners whose window is over, by variation. */
  readonly byVariation: ReadonlyMap<string, readonly Outcome[]>;
  /** Learners whose window is not over. */
  readonly waiting: number;
  /** Learners who were exposed to more than one variation; left out. */
  readonly mixed: number;
  /** Greatest event time of a click or an exposure, ms; `null` without any. */
  readonly asOfMs: number | null;
}

const LISTED = 10;
const DAY_MS = days(1);

/** What is seen of a learner, from their first exposure on. */
interface Followed {
  readonly variation: string;
  readonly fromMs: number;
  isMixed: boolean;
  readonly activeDays: Set<number>;
  readonly items: Set<string>;
  readonly scores: number[];
  listed: { readonly atMs: number; readonly items: readonly string[] } | null;
}

/** Reads exposures and what came after them. Memory grows with the learners of the experiment. @throws what reading throws */
export async function outcomesOf(tools: ToolAccess, options: OutcomeOptions): Promise<Outcomes> {
  const { region, windowDays } = options;
  const found = await exposedIn(tools, options);
  const untilMs = (one: Followed): number => one.fromMs + windowDays * DAY_MS;
  const inWindow = (learner: LearnerId, atMs: number): Followed | null => {
    const one = found.learners.get(learner);
    return one !== undefined && atMs >= one.fromMs && atMs < untilMs(one) ? one : null;
  };
  let { asOfMs } = found;
  for await (const { learner, occurredAtMs, personal, course } of (await topicRecords(tools, region, topics.clicks)).all()) {
    asOfMs = Math.max(asOfMs, occurredAtMs);
    const one = inWindow(learner, occurredAtMs);
    one?.activeDays.add(Math.floor(occurredAtMs / DAY_MS));
    one?.items.add(itemKey(course, personal.item));
  }
  for await (const { learner, occurredAtMs, personal } of (await topicRecords(tools, region, topics.quizResults)).all())
    inWindow(learner, occurredAtMs)?.scores.push(personal.score);
  for await (const log of (await topicRecords(tools, region, topics.featureLog)).all()) {
    const one = inWindow(log.learner, log.decidedAtMs);
    if (one !== null && (one.listed === null || log.decidedAtMs < one.listed.atMs)) one.listed = { atMs: log.decidedAtMs, items: listedIn(log) };
  }
  return summed(found.learners, asOfMs, untilMs);
}

async function exposedIn(tools: ToolAccess, { region, experiment }: OutcomeOptions): Promise<{ learners: Map<LearnerId, Followed>; asOfMs: number }> {
  const learners = new Map<LearnerId, Followed>();
  let asOfMs = -Infinity;
  // Those of a learner are in one partition, in their order.
  for await (const exposure of (await topicRecords(tools, region, topics.experimentExposures)).all()) {
    asOfMs = Math.max(asOfMs, exposure.exposedAtMs);
    if (exposure.experiment !== experiment) continue;
    const { learner, variation, exposedAtMs: fromMs } = exposure;
    const before = learners.get(learner);
    if (before === undefined)
      learners.set(learner, { variation, fromMs, isMixed: false, activeDays: new Set(), items: new Set(), scores: [], listed: null });
    else before.isMixed ||= before.variation !== variation;
  }
  return { learners, asOfMs };
}

function summed(learners: ReadonlyMap<LearnerId, Followed>, asOfMs: number, untilMs: (one: Followed) => number): Outcomes {
  const byVariation = new Map<string, Outcome[]>();
  let [waiting, mixed] = [0, 0];
  for (const one of learners.values()) {
    if (one.isMixed) mixed++;
    else if (untilMs(one) > asOfMs) waiting++;
    else {
      const known = byVariation.get(one.variation);
      if (known === undefined) byVariation.set(one.variation, [outcomeOf(one)]);
      else known.push(outcomeOf(one));
    }
  }
  return { byVariation, waiting, mixed, asOfMs: Number.isFinite(asOfMs) ? asOfMs : null };
}

function outcomeOf({ activeDays, items, scores, listed }: Followed): Outcome {
  return {
    'active-days': activeDays.size,
    items: items.size,
    ...(listed === null || listed.items.length === 0
      ? {}
      : { 'listed-share': listed.items.filter((item) => items.has(item)).length / listed.items.length }),
    ...(scores.length === 0 ? {} : { 'quiz-score': scores.reduce((sum, score) => sum + score, 0) / scores.length }),
  };
}

function listedIn({ personal }: Opened<FeatureLog>): string[] {
  const { course, candidates } = personal;
  return candidates.flatMap(({ item, nextRank }) => (nextRank >= 0 && nextRank < LISTED ? [itemKey(course, item)] : []));
}

const itemKey = (course: CourseId, item: ItemId): string => `${course}|${item}`;
