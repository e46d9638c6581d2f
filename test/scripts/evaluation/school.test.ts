/**
 * The demo model on a school that it has never seen, whose truth is known: what its lists are worth, beside the formula and a broken ranker, and how
 * many of its items say why they are there.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Models, Ranker } from '../../../operators/recommend/index.js';
import type { AnsweredItem, ListName } from '../../../reader/index.js';
import { openModels } from '../../../runtime/models/index.js';
import { demoModel } from '../../../scripts/commands/demoModels.js';
import { tableText } from '../../../scripts/commands/output.js';
import { decideInCopy, eachAnswer } from '../../../scripts/evaluation/decidedLists.js';
import { keyOf, schoolTruths, worthOf, type ListWorth, type SchoolTruth } from '../../../scripts/evaluation/schoolTruth.js';
import { liveSchool } from '../../../scripts/ml/demoSchool.js';
import { DAY_MS, schoolOptions } from '../../../scripts/school/index.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 600_000;
const OPTIONS = schoolOptions({ seed: 5, learners: 120, courses: 2, items: 200, days: 8, eventsPerDay: 1_500 });
const END_MS = OPTIONS.startMs + OPTIONS.days * DAY_MS;
const LISTS = ['next', 'new'] as const satisfies readonly ListName[];
/** Gain that a ranker that is worth its name is above: 0.66 and 0.72 were measured, and with the scores shuffled 0.29 and 0.33. */
const FLOORS: Readonly<Record<ListName, number>> = { next: 0.55, new: 0.6 };
/** A ranker that is broken stays so far below them at least. */
const MARGIN = 0.1;
/** Of the items that are listed, those with two or three reasons: see the table that the test prints. */
const EXPLAINED_FLOORS: Readonly<Record<ListName, number>> = { next: 0.85, new: 0.65 };

/** The same scores, each for another row. */
function shuffled(ranker: Ranker): Ranker {
  const moved = (scores: Float32Array, rows: number): Float32Array =>
    // A prime number that no decision has rows of.
    Float32Array.from({ length: rows }, (_, row) => scores[(row * 7_919 + 13) % rows]!);
  return {
    version: 'shuffled',
    featureSet: ranker.featureSet,
    contributions: null,
    score: (matrix) => {
      const { next, new: fresh } = ranker.score(matrix);
      return { next: moved(next, matrix.rows), new: moved(fresh, matrix.rows) };
    },
  };
}

const broken = (models: Models): Models => ({
  at: (timeMs) => {
    const model = models.at(timeMs);
    return { ...model, ranker: shuffled(model.ranker) };
  },
});

/** What is listed for whom: by learner and course. */
type Served = Readonly<Record<ListName, ReadonlyMap<string, readonly AnsweredItem[]>>>;

async function servedIn(folder: string, courses: ReadonlySet<string>): Promise<Served> {
  const served: Record<ListName, Map<string, readonly AnsweredItem[]>> = { next: new Map(), new: new Map() };
  await eachAnswer(folder, OPTIONS.region, courses, (answer) => served[answer.list].set(keyOf(answer), answer.items));
  return served;
}

/** Means over learners and courses that have a list. */
function meanWorth(truths: readonly SchoolTruth[], lists: ReadonlyMap<string, readonly AnsweredItem[]>): Pick<ListWorth, 'hit' | 'gain'> {
  const all = truths.flatMap((truth) => {
    const list = lists.get(keyOf(truth));
    return list === undefined
      ? []
      : [
          worthOf(
            truth,
            list.map(({ item }) => item),
          ),
        ];
  });
  expect(all.length).toBeGreaterThan(50);
  const mean = (name: 'hit' | 'gain'): number => all.reduce((sum, one) => sum + one[name], 0) / all.length;
  return { hit: mean('hit'), gain: mean('gain') };
}

/** Share of the listed items by how many reasons they have. */
function reasonShares(lists: ReadonlyMap<string, readonly AnsweredItem[]>): number[] {
  const counts = [...lists.values()].flat().map(({ reasons }) => reasons?.length ?? 0);
  return [0, 1, 2, 3].map((count) => counts.filter((one) => one === count).length / counts.length);
}

describe('the demo model', () => {
  it('ranks a school of another seed better than the formula, says why, and a broken ranker is told by its hits', { timeout: SLOW_MS }, async () => {
    const folder = newFolder();
    const { region } = OPTIONS;
    await using models = await openModels(demoModel, { region });
    expect(models.at(OPTIONS.startMs).version).toMatch(/^ranker@/);
    await liveSchool(join(folder, 'upstream'), OPTIONS, { models });
    const truths = schoolTruths(OPTIONS);
    const courses = new Set(truths.next.map(({ course }) => course));
    const served = async (name: string, using: Models | null): Promise<Served> => {
      await decideInCopy(join(folder, 'upstream'), join(folder, name), { region, models: using, fromMs: END_MS - DAY_MS, loggedShare: 0 });
      return servedIn(join(folder, name), courses);
    };
    const lists = {
      learned: await served('learned', models),
      formula: await served('formula', null),
      broken: await served('broken', broken(models)),
    };
    const worth = Object.entries(lists).map(([name, one]) => ({ name, next: meanWorth(truths.next, one.next), new: meanWorth(truths.new, one.new) }));
    const cells = worth.map((one) => [one.name, ...LISTS.flatMap((list) => [one[list].hit.toFixed(3), one[list].gain.toFixed(3)])]);
    console.log(tableText(['expected, of 10', 'next: hit', 'gain', 'new: hit', 'gain'], cells));
    const shares = LISTS.map((list) => [list, ...reasonShares(lists.learned[list]).map((share) => share.toFixed(3))]);
    console.log(tableText(['share of items by reasons', 'none', 'one', 'two', 'three'], shares));

    const [learned, formula, shuffledWorth] = worth;
    // Of the other list no such thing is told: a model this small has not always learnt it better, see docs/explanation/recommender.md.
    expect(learned!.next.gain).toBeGreaterThan(formula!.next.gain);
    for (const list of LISTS) {
      expect(learned![list].gain, list).toBeGreaterThan(FLOORS[list]);
      expect(shuffledWorth![list].gain, list).toBeLessThan(FLOORS[list] - MARGIN);
      const [, , two, three] = reasonShares(lists.learned[list]);
      expect(two! + three!, list).toBeGreaterThan(EXPLAINED_FLOORS[list]);
    }
  });
});
