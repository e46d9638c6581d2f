/** What several cuts of a course say together: each has few learners in a group, and much the same ones as the others. */
import { courseOf, type CaseResult, type ProtocolResult } from './ouladCase.js';
import { scoreGroups, type GroupScores, type NewcomerScores, type Protocol } from './scoring.js';
import type { Cut } from './ouladTruth.js';

/** What is read of a cut. */
export interface ScoredCut extends Pick<CaseResult, 'cut' | 'byLearner' | 'groups'> {
  readonly protocols: Readonly<Record<Protocol, Pick<ProtocolResult, 'groups' | 'newcomers'>>>;
}

/** Gaps above it count as missed, where the yardstick's own is less. Unit: NDCG@10 */
const GREATEST_GAP = 0.05;

/** The groups of a course's learners, each learner with the mean NDCG of the cuts at which they are scored. */
export interface GroupsOverCuts extends Pick<Cut, 'module' | 'presentation'> {
  readonly protocol: Protocol;
  readonly cuts: number;
  /** How many learners are scored at one cut at least. */
  readonly learners: number;
  readonly groups: readonly GroupScores[];
}

/** How many gaps are above 0.05 and the yardstick's own. */
export interface MissedGaps {
  readonly missed: number;
  readonly gaps: number;
}

/** What is said of several cuts together. */
export interface OverCuts {
  /** Of each course with two cuts at least. The intervals resample learners, each with all of their cuts. */
  readonly courses: readonly GroupsOverCuts[];
  /** Gaps of the cuts by themselves. */
  readonly single: MissedGaps;
  /** Gaps over the cuts. */
  readonly together: MissedGaps;
  /** Learners in their first seven days, of all cuts; `null` where there is none. */
  readonly newcomers: Readonly<Record<Protocol, NewcomerScores | null>>;
}

const PROTOCOLS = ['any', 'new'] as const satisfies readonly Protocol[];

/** Puts cuts together. The groups of a learner are those of their presentation, the same at each cut of it. */
export function overCuts(cases: readonly ScoredCut[]): OverCuts {
  const byCourse = new Map<string, ScoredCut[]>();
  for (const one of cases) {
    const course = courseOf(one.cut);
    byCourse.set(course, [...(byCourse.get(course) ?? []), one]);
  }
  const courses = [...byCourse.values()].filter(({ length }) => length > 1).flatMap((cuts) => PROTOCOLS.map((protocol) => groupsOf(cuts, protocol)));
  const single = cases.flatMap(({ protocols }) => PROTOCOLS.flatMap((protocol) => protocols[protocol].groups));
  return {
    courses,
    single: missedOf(single),
    together: missedOf(courses.flatMap(({ groups }) => groups)),
    newcomers: { any: newcomersOf(cases, 'any'), new: newcomersOf(cases, 'new') },
  };
}

function groupsOf(cuts: readonly ScoredCut[], protocol: Protocol): GroupsOverCuts {
  const sums = new Map<string, { ours: number; yardstick: number; cuts: number }>();
  for (const { byLearner } of cuts) {
    const { learners, ours, yardstick } = byLearner[protocol];
    learners.forEach((learner, at) => {
      const sum = sums.get(learner) ?? { ours: 0, yardstick: 0, cuts: 0 };
      sum.ours += ours[at]!;
      sum.yardstick += yardstick[at]!;
      sum.cuts++;
      sums.set(learner, sum);
    });
  }
  const learners = [...sums.keys()];
  const meansOf = (system: 'ours' | 'yardstick'): Float64Array => Float64Array.from(sums.values(), (sum) => sum[system] / sum.cuts);
  const [first] = cuts;
  const { module, presentation } = first!.cut;
  const groups = scoreGroups(learners, first!.groups, meansOf('ours'), meansOf('yardstick'));
  return { module, presentation, protocol, cuts: cuts.length, learners: learners.length, groups };
}

function missedOf(groups: readonly GroupScores[]): MissedGaps {
  const missed = groups.filter(({ ours, yardstick }) => ours.gap > Math.max(GREATEST_GAP, yardstick.gap));
  return { missed: missed.length, gaps: groups.length };
}

function newcomersOf(cases: readonly ScoredCut[], protocol: Protocol): NewcomerScores | null {
  const found = cases.flatMap(({ protocols }) => protocols[protocol].newcomers ?? []);
  const learners = found.reduce((sum, one) => sum + one.learners, 0);
  if (learners === 0) return null;
  const meanOf = (system: 'ours' | 'yardstick'): number => found.reduce((sum, one) => sum + one.learners * one[system], 0) / learners;
  return { learners, ours: meanOf('ours'), yardstick: meanOf('yardstick') };
}
