/** The demo model on a school that it has never seen, whose truth is known: what its lists are worth, beside the formula and a broken ranker. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Models, Ranker } from '../../../operators/recommend/index.js';
import { openModels } from '../../../runtime/models/index.js';
import { demoModel } from '../../../scripts/commands/demoModels.js';
import { decideInCopy, readLists } from '../../../scripts/evaluation/decidedLists.js';
import { liveSchool } from '../../../scripts/ml/demoSchool.js';
import { DAY_MS, learnerTruth, schoolAt, schoolOptions } from '../../../scripts/school/index.js';
import type { ItemId } from '../../../schemas/index.js';
import { newFolder } from '../commands/cliProcess.js';

const SLOW_MS = 300_000;
const OPTIONS = schoolOptions({ seed: 5, learners: 120, courses: 2, items: 60, days: 12, eventsPerDay: 1_500 });
const END_MS = OPTIONS.startMs + OPTIONS.days * DAY_MS;
const LISTED = 10;
/** A ranker that is worth its name is above it: 0.78 was measured, and 0.48 with the scores shuffled. */
const FLOOR = 0.7;

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

describe('the demo model', () => {
  it('ranks a school of another seed better than the formula, and a broken ranker is told by its hits', { timeout: SLOW_MS }, async () => {
    const folder = newFolder();
    const { region } = OPTIONS;
    await using models = await openModels(demoModel, { region });
    expect(models.at(OPTIONS.startMs).version).toMatch(/^ranker@/);
    await liveSchool(join(folder, 'upstream'), OPTIONS, { models });
    const school = schoolAt(OPTIONS, END_MS - 1);
    const truths = Array.from({ length: OPTIONS.learners }, (_, at) => `learner-${at + 1}`).flatMap((learner) =>
      learnerTruth(school, learner, END_MS - 1).map((truth) => ({ learner, ...truth })),
    );

    /** Mean probability that what is opened next is among the first of the list. */
    const hitRate = async (name: string, using: Models | null): Promise<number> => {
      const decided = join(folder, name);
      await decideInCopy(join(folder, 'upstream'), decided, { region, models: using, fromMs: END_MS - 2 * DAY_MS, loggedShare: 0 });
      const lists = new Map<string, ReadonlyMap<string, readonly string[]>>();
      for (const course of new Set(truths.map((truth) => truth.course))) lists.set(course, (await readLists(decided, region, course)).next);
      const rates = truths.flatMap(({ learner, course, chances: chanceOf }) => {
        const list = lists.get(course)!.get(learner);
        if (list === undefined) return [];
        return [list.slice(0, LISTED).reduce((sum, item) => sum + (chanceOf[item as ItemId] ?? 0), 0)];
      });
      expect(rates.length).toBeGreaterThan(50);
      return rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    };
    const learned = await hitRate('learned', models);
    const formula = await hitRate('formula', null);
    const shuffledRate = await hitRate('broken', broken(models));
    console.log(`expected hit rate of 10: learned ${learned.toFixed(3)}, formula ${formula.toFixed(3)}, broken ${shuffledRate.toFixed(3)}`);
    expect(learned).toBeGreaterThan(formula);
    expect(learned).toBeGreaterThan(FLOOR);
    expect(shuffledRate).toBeLessThan(FLOOR - 0.1);
  });
});
