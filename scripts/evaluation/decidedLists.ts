/** Runs the recommendations over a copy of what the other topologies wrote, and reads the lists as an app would. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecommendationClient, type AnsweredItem, type ListName } from '../../reader/index.js';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import { SkillForgeError } from '../../schemas/index.js';
import { recommendationsTopology } from '../../topologies/recommendations.js';
import { withFolder } from '../commands/folder.js';
import { runTopologies, type RunProgress, type RunSummary } from '../commands/topologyRun.js';

/** How to decide. */
export interface DecidingOptions {
  readonly region: string;
  /** `null`: the formula. */
  readonly models: RunModels | null;
  /** No decision before this event time, ms. */
  readonly fromMs?: number | undefined;
  /** Share of the decisions whose features are logged; where it is more than 0, no other decisions are made. */
  readonly loggedShare: number;
  /** Candidate sources that propose nothing, as a set of bits. */
  readonly without?: number;
  readonly onProgress?: ((progress: RunProgress) => void) | undefined;
}

/** Copies a folder of the embedded storage, which nobody may have open, and decides in the copy. @throws what a run throws */
export async function decideInCopy(from: string, to: string, options: DecidingOptions): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
  const { region, models, fromMs: decideFromMs = -Infinity, loggedShare, without = 0, onProgress } = options;
  const topology = recommendationsTopology({
    loggedShare,
    decideFromMs,
    decidedShare: loggedShare > 0 ? loggedShare : 1,
    without,
    explorationShare: 0,
  });
  await withFolder(to, (storage) =>
    runToEnd(storage, [topology], { region, mode: 'until-end', models, ...(onProgress === undefined ? {} : { onProgress }) }),
  );
}

/** Runs topologies to the end of what there is. @throws SFS_EVALUATION_STOPPED when a signal ended it before, and what running throws */
export async function runToEnd(...run: Parameters<typeof runTopologies>): Promise<RunSummary> {
  const summary = await runTopologies(...run);
  if (summary.stopped)
    throw new SkillForgeError('SFS_EVALUATION_STOPPED', 'the evaluation was stopped; with --work the next one goes on from the last step');
  return summary;
}

/** Lists of a course by learner, items best first. */
export type Lists = Readonly<Record<ListName, ReadonlyMap<string, readonly string[]>>>;

/** Reads what is served of one course. @throws what reading throws */
export async function readLists(folder: string, region: string, course: string): Promise<Lists> {
  const lists: Record<ListName, Map<string, readonly string[]>> = { next: new Map(), new: new Map() };
  await eachAnswer(folder, region, [course], ({ list, learner, items }) =>
    lists[list].set(
      learner,
      items.map(({ item }) => item),
    ),
  );
  return lists;
}

/** What is served to one learner in one course. */
export interface CourseAnswer {
  readonly list: ListName;
  readonly learner: string;
  readonly course: string;
  /** Best first, with their reasons. */
  readonly items: readonly AnsweredItem[];
}

/** Reads what is served of some courses. @throws what reading throws, and what `take` throws */
export function eachAnswer(folder: string, region: string, courses: Iterable<string>, take: (answer: CourseAnswer) => void): Promise<void> {
  return withFolder(folder, async (storage) => {
    const view = mkdtempSync(join(tmpdir(), 'skillforge-lists-'));
    const client = await RecommendationClient.openStill({ log: storage.log, region, store: { folder: view } });
    try {
      await client.catchUp();
      const asked = [...courses].flatMap((course) => (['next', 'new'] as const).map((list) => ({ course, list })));
      for (const { course, list } of asked) {
        for (const { learner, items } of client.all({ list, course, explain: true })) take({ list, learner, course, items });
      }
    } finally {
      await client.close();
      rmSync(view, { recursive: true, force: true });
    }
  });
}
