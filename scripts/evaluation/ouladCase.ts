/** Evaluates the recommender on one presentation and cut of the data set: scores, baselines, groups, ablation. */
import { SkillForgeError, courseId, type CourseId } from '../../schemas/index.js';
import { days } from '../../operators/index.js';
import { readBundle } from '../../runtime/models/index.js';
import { readFactors } from '../../runtime/models/itemFactors.js';
import type { ListName } from '../../reader/index.js';
import { firstEpochDay, pathOfCsv, readCatalogue } from '../oulad/index.js';
import { FORMULA, LEARNED, ablationVariants } from './ablation.js';
import { YARDSTICK, alsSystem, easeSystem, listed, popularity } from './baselines.js';
import { readLists, type Lists } from './decidedLists.js';
import { ouladEvents } from './ouladEvents.js';
import { bundleIn, decidedBy, prepare, type FlowOptions, type Prepared, type Variant } from './productionFlow.js';
import { readGroups, type Groups } from './ouladGroups.js';
import { readTruth, type Cut, type OuladTruth } from './ouladTruth.js';
import {
  gainOf,
  scoreGroups,
  scoreNewcomers,
  scoreSystem,
  scoredLearners,
  type Gain,
  type GroupScores,
  type LearnerScores,
  type NewcomerScores,
  type Protocol,
  type RankedSystem,
  type ScoredLearners,
  type SystemScore,
} from './scoring.js';
import type { DoneStep, WorkFolder } from './workFolder.js';

/** The name of what is evaluated, among the systems. */
export const OURS = 'SkillForge';

/** What one protocol gave. */
export interface ProtocolResult {
  readonly protocol: Protocol;
  /** How many learners were scored. */
  readonly learners: number;
  /** Ours first, then the yardstick and the other baselines. */
  readonly systems: readonly Omit<SystemScore, 'byLearner'>[];
  /** Ours over the yardstick. */
  readonly gain: Gain;
  readonly groups: readonly GroupScores[];
  readonly newcomers: NewcomerScores | null;
}

/** What each variant of the recommender reaches: NDCG@10 by protocol. */
export interface AblationRow {
  readonly variant: string;
  readonly ndcg: Readonly<Record<Protocol, number>>;
}

/** What an evaluation found. */
export interface CaseResult {
  readonly cut: Cut;
  readonly protocols: Readonly<Record<Protocol, ProtocolResult>>;
  /** `null` where it was not asked for. */
  readonly ablation: readonly AblationRow[] | null;
  readonly steps: readonly DoneStep[];
  /** How each learner was served, to be put together with other cuts. */
  readonly byLearner: Readonly<Record<Protocol, LearnerScores>>;
  readonly groups: Groups;
  /** The lists of ours, for other programs to score. */
  readonly lists: Lists;
  /** What a later cut may go on from. */
  readonly prepared: Prepared;
}

/** The presentation as the project names it, such as `AAA-2014J`. */
export const courseOf = ({ module, presentation }: Cut): CourseId => courseId(`${module}-${presentation}`);

/** The midnight (UTC) after the day of a cut. Unit: ms since epoch */
export const cutMsOf = ({ presentation, day }: Cut): number => (firstEpochDay(presentation)! + day + 1) * days(1);

/** Where the data set is, and how to work. */
export interface CaseOptions extends Pick<FlowOptions, 'region' | 'onProgress'> {
  /** Folder of the data set. */
  readonly data: string;
}

/**
 * Evaluates one cut.
 *
 * @param from - what an earlier cut left, whose folder is still there; this one goes on from it
 * @throws SFS_EVALUATION_EMPTY where nobody can be scored; and what the steps throw
 */
export async function evaluateCase(
  work: WorkFolder,
  cut: Cut,
  from: Prepared | null,
  options: CaseOptions,
  withAblation: boolean,
): Promise<CaseResult> {
  const { data, region, onProgress } = options;
  const flow: FlowOptions = { events: ouladEvents(data), region, cutMs: cutMsOf(cut), onProgress };
  const truth = await readTruth(data, cut);
  const scored = { any: scoredLearners(truth, 'any'), new: scoredLearners(truth, 'new') };
  if (scored.any.learners.length === 0 || scored.new.learners.length === 0) throw nobody(cut, truth);
  const groups = await readGroups(data, cut);
  const prepared = await prepare(work, from, flow);
  const decide = (variant: Variant): Promise<Lists> => decidedLists(work, prepared, variant, courseOf(cut), flow);
  const lists = await decide(LEARNED);
  const formula = listed('formula ranker', await decide(FORMULA));
  const systems = [listed(OURS, lists), ...popularity(truth), ...alsOf(prepared, truth, cut, flow.cutMs), easeSystem(truth), formula];
  const items = await itemsOf(truth, cut, options);
  const resultOf = (protocol: Protocol): ScoredProtocol => scoredProtocol(scored[protocol], { cut, truth, groups, systems, items });
  const [any, fresh] = [resultOf('any'), resultOf('new')];
  const ablation: AblationRow[] = [];
  for (const variant of withAblation ? [LEARNED, ...ablationVariants(), FORMULA] : []) {
    const system = listed(variant.name, await decide(variant));
    const ndcgOf = (protocol: Protocol): number => scoreSystem(system, scored[protocol], items).ndcg;
    ablation.push({ variant: variant.name, ndcg: { any: ndcgOf('any'), new: ndcgOf('new') } });
  }
  const protocols = { any: any.result, new: fresh.result };
  const byLearner = { any: any.byLearner, new: fresh.byLearner };
  return { cut, protocols, ablation: withAblation ? ablation : null, steps: work.steps, byLearner, groups, lists, prepared };
}

async function decidedLists(work: WorkFolder, prepared: Prepared, variant: Variant, course: CourseId, options: FlowOptions): Promise<Lists> {
  const from = async (folder: string): Promise<Readonly<Record<ListName, [string, readonly string[]][]>>> => {
    const lists = await readLists(folder, options.region, course);
    return { next: [...lists.next], new: [...lists.new] };
  };
  const kept = await decidedBy(work, prepared, variant, { of: course, from }, options);
  return { next: new Map(kept.next), new: new Map(kept.new) };
}

function nobody({ module, presentation, day }: Cut, { opened, after }: OuladTruth): SkillForgeError {
  const what =
    opened.size === 0 && after.size === 0
      ? `the files have no clicks of ${module}-${presentation} up to day ${day + 7}`
      : `nobody who did something in ${module}-${presentation} by day ${day} opened something, and something new, in the 7 days after it`;
  return new SkillForgeError('SFS_EVALUATION_EMPTY', `${what}: there is nothing to score`, { context: { module, presentation, day } });
}

/** The baseline of matrix factorisation, where training had enough to go by. */
function alsOf({ retrieval }: Prepared, truth: OuladTruth, cut: Cut, cutMs: number): RankedSystem[] {
  const factors = readFactors(readBundle(bundleIn(retrieval, cutMs)))?.of(courseOf(cut)) ?? null;
  if (factors === null) return [];
  return [alsSystem(truth, factors)];
}

/** How many items a course has: those of its catalogue, which lists may name before anybody opens them, and what else was opened by the cut. */
async function itemsOf({ popular }: OuladTruth, { module, presentation }: Cut, { data, region }: CaseOptions): Promise<number> {
  if ((await pathOfCsv(data, 'vle')) === null) return popular.length;
  const { items } = await readCatalogue(data, { region, module, presentation });
  return new Set<string>([...popular, ...items.map(({ item }) => item)]).size;
}

interface Scoring {
  readonly cut: Cut;
  readonly truth: OuladTruth;
  readonly groups: Groups;
  readonly systems: readonly RankedSystem[];
  readonly items: number;
}

interface ScoredProtocol {
  readonly result: ProtocolResult;
  readonly byLearner: LearnerScores;
}

function scoredProtocol(scored: ScoredLearners, { cut, truth, groups, systems, items }: Scoring): ScoredProtocol {
  const scores = systems.map((system) => scoreSystem(system, scored, items));
  const byName = (name: string): Float64Array => scores.find(({ system }) => system === name)!.byLearner;
  const [ours, yardstick] = [byName(OURS), byName(YARDSTICK)];
  const { protocol, learners } = scored;
  const result = {
    protocol,
    learners: learners.length,
    systems: scores.map(({ byLearner: _, ...score }) => score),
    gain: gainOf(ours, yardstick),
    groups: scoreGroups(learners, groups, ours, yardstick),
    newcomers: scoreNewcomers(scored, truth, cut, ours, yardstick),
  };
  return { result, byLearner: { learners, ours, yardstick } };
}
