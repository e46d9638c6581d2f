/** Writes the log that `evaluate ips` reads: what was decided, how likely it was, and what came of it. */
import type { ListName } from '../../operators/ports/ranker.js';
import { days, hours } from '../../operators/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { topics, type FeatureLog, type LearnerActivity, type LearnerId, type LoggedCandidate, type Opened } from '../../schemas/index.js';
import { PartialFile } from '../commands/partialFile.js';
import { topicRecords } from '../training/topicRecords.js';

/** Name of the ranking in each line that is the same policy without exploration. */
export const GREEDY = 'without-exploration';
/** A place was drawn, or was not, for sure where fewer decisions than so many explore. */
const MOST_EXPLORING = 1 / 2;
/** The log has propensities in 32 bits. */
const ROUNDING = 1e-6;
const LINES_AT_ONCE = 500;
const TELL_EVERY = 1_000;

/** What to export. */
export interface DecisionLogOptions {
  readonly region: string;
  /** A file that appears when it is whole. */
  readonly out: string;
  /** The list of each decision. */
  readonly list: ListName;
  /** An item that was shown counts where it was used within so many days. */
  readonly withinDays: number;
  /** Only decisions from this event time on, ms; all by default. */
  readonly fromMs?: number | undefined;
  /** Only what happened before this event time, ms; all by default. */
  readonly untilMs?: number | undefined;
  readonly onProgress?: ((progress: DecisionLogProgress) => void) | undefined;
}

/** How far it is. */
export interface DecisionLogProgress {
  readonly what: 'decisions' | 'what came of them';
  /** Records read, and offsets that there are to read. */
  readonly done: number;
  readonly total: number;
}

/** What was written, and left out. */
export interface DecisionLogCounts {
  readonly decisions: number;
  /** Those whose last places were drawn. */
  readonly explored: number;
  readonly shown: number;
  /** Items shown that were used in time. */
  readonly rewarded: number;
  /** Decisions whose days are not over. */
  readonly open: number;
  /** Decisions of a policy of which every other one draws, or more: what it shows otherwise cannot be told. */
  readonly mostlyDrawn: number;
  /** Records of another region. */
  readonly otherRegion: number;
}

/** A decision, until it is known what came of it. */
interface Pending {
  readonly line: object;
  readonly shown: readonly { readonly item: string; readonly propensity: number }[];
  readonly explored: boolean;
  /** Start of its first hour, and end of its last, ms. */
  readonly fromMs: number;
  readonly endMs: number;
  readonly rewards: Uint8Array;
}

/**
 * Writes one line for each decision and course whose days are over. Memory grows with the decisions.
 *
 * The days of a decision are whole hours, those that begin at it or later, as in training: the hour in which it fell may hold what led to it.
 *
 * @throws SFS_FILE_UNWRITABLE, and what reading throws
 */
export async function exportDecisionLog(tools: ToolAccess, options: DecisionLogOptions): Promise<DecisionLogCounts> {
  const { region, out, onProgress } = options;
  const activity = await topicRecords(tools, region, topics.learnerActivity);
  const log = await topicRecords(tools, region, topics.featureLog);
  const told =
    (what: DecisionLogProgress['what'], total: number) =>
    (done: number): void =>
      onProgress?.({ what, done, total });
  const { pending, mostlyDrawn } = await readDecisions(log.all(), options, told('decisions', log.offsets));
  const knownUntilMs = await readUses(activity.all(), pending, options, told('what came of them', activity.offsets));
  const all = [...pending.values()].flat();
  const closed = all.filter(({ endMs }) => endMs <= knownUntilMs);
  await writeLines(out, closed);
  const sum = (of: (one: Pending) => number): number => closed.reduce((total, one) => total + of(one), 0);
  return {
    decisions: closed.length,
    explored: closed.filter(({ explored }) => explored).length,
    shown: sum(({ shown }) => shown.length),
    rewarded: sum(({ rewards }) => rewards.reduce((total, reward) => total + reward, 0)),
    open: all.length - closed.length,
    mostlyDrawn,
    otherRegion: log.otherRegion + activity.otherRegion,
  };
}

type PendingByLearner = Map<LearnerId, Pending[]>;

async function readDecisions(
  log: AsyncIterable<Opened<FeatureLog>>,
  options: DecisionLogOptions,
  told: (done: number) => void,
): Promise<{ readonly pending: PendingByLearner; readonly mostlyDrawn: number }> {
  const { fromMs = -Infinity, untilMs = Infinity } = options;
  const pending: PendingByLearner = new Map();
  let [read, mostlyDrawn] = [0, 0];
  for await (const decision of log) {
    if (++read % TELL_EVERY === 0) told(read);
    if (decision.decidedAtMs < fromMs || decision.decidedAtMs >= untilMs) continue;
    if (decision.explorationShare >= MOST_EXPLORING) {
      mostlyDrawn++;
      continue;
    }
    const own = pending.get(decision.learner) ?? [];
    own.push(pendingOf(decision, options));
    pending.set(decision.learner, own);
  }
  return { pending, mostlyDrawn };
}

function pendingOf(decision: Opened<FeatureLog>, { list, withinDays }: DecisionLogOptions): Pending {
  const { learner, decisionId, decidedAtMs, modelVersion, explored, explorationShare, personal } = decision;
  const { course, cohort } = personal;
  const shown = placesOf(list, personal.candidates);
  const isGreedy = (propensity: number): boolean => !explored || propensity >= 1 - explorationShare - ROUNDING;
  const fromMs = Math.ceil(decidedAtMs / hours(1)) * hours(1);
  return {
    line: {
      ...{ learner, decision: decisionId, context: { course, cohort, list, decidedAtMs, modelVersion, explored, explorationShare } },
      shown,
      target: shown.map(({ propensity }) => propensity),
      // What stands at a drawn place otherwise is not in the log: nobody, so that it weighs nothing.
      rankings: { [GREEDY]: shown.map(({ item, propensity }) => (isGreedy(propensity) ? item : null)) },
    },
    ...{ shown, explored, fromMs, endMs: fromMs + days(withinDays), rewards: new Uint8Array(shown.length) },
  };
}

/** What a list has, by place. */
function placesOf(list: ListName, candidates: readonly LoggedCandidate[]): Pending['shown'] {
  const rankOf = ({ nextRank, newRank }: LoggedCandidate): number => (list === 'next' ? nextRank : newRank);
  return candidates
    .filter((candidate) => rankOf(candidate) >= 0)
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map(({ item, nextPropensity, newPropensity }) => ({ item, propensity: list === 'next' ? nextPropensity : newPropensity }));
}

/** Tells decisions what came of them. @returns up to when it is known what learners did, ms */
async function readUses(
  activity: AsyncIterable<Opened<LearnerActivity>>,
  pending: PendingByLearner,
  { untilMs = Infinity }: DecisionLogOptions,
  told: (done: number) => void,
): Promise<number> {
  let [read, knownUntilMs] = [0, -Infinity];
  for await (const { learner, hourStartMs, personal } of activity) {
    if (++read % TELL_EVERY === 0) told(read);
    const endMs = hourStartMs + hours(1);
    // What came later tells no more than that all of the time before is known.
    knownUntilMs = Math.max(knownUntilMs, endMs);
    if (endMs > untilMs) continue;
    const own = (pending.get(learner) ?? []).filter((one) => one.fromMs <= hourStartMs && endMs <= one.endMs);
    for (const one of own) for (const { item } of personal.items) reward(one, item);
  }
  return Math.min(untilMs, knownUntilMs);
}

function reward({ shown, rewards }: Pending, used: string): void {
  const place = shown.findIndex(({ item }) => item === used);
  if (place >= 0) rewards[place] = 1;
}

async function writeLines(out: string, decisions: readonly Pending[]): Promise<void> {
  const file = await PartialFile.open(out);
  try {
    for (let at = 0; at < decisions.length; at += LINES_AT_ONCE) {
      await file.add(decisions.slice(at, at + LINES_AT_ONCE).map(({ line, rewards }) => ({ ...line, rewards: [...rewards] })));
    }
    await file.finish();
  } catch (error) {
    await file.discard();
    throw error;
  }
}
