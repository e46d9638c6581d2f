/** `skillforge evaluate school` from the seed to the tables, on a school that is small enough to be trained on in seconds. */
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { PROPOSING_SOURCES } from '../../../operators/recommend/candidateSources.js';
import { evaluateSchool, type Compared, type SchoolResult } from '../../../scripts/evaluation/schoolCase.js';
import { schoolText } from '../../../scripts/evaluation/schoolText.js';
import { WorkFolder } from '../../../scripts/evaluation/workFolder.js';
import { isInstalled } from '../../../scripts/ml/python.js';
import { schoolOptions } from '../../../scripts/school/index.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { newFolder } from '../../fixtures/folders.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';

const SLOW_MS = 360_000;
const SCHOOL = schoolOptions({ seed: 1, learners: 60, courses: 2, items: 60, days: 16, eventsPerDay: 700 });
const VARIANTS = [
  'learned',
  ...PROPOSING_SOURCES.map((source) => `without ${source}`),
  'without ALS, NEIGHBOURS, COVISITED',
  'without windowed features',
  'without mastery',
  'with shuffled features',
  'formula',
];
const LISTS = ['next', 'new'] as const;

const evaluated = (folder: string, withAblation: boolean): Promise<SchoolResult> =>
  evaluateSchool(new WorkFolder(folder), { school: SCHOOL, withAblation, loggedDecisions: 300, trees: 10, onProgress: () => undefined });

const folder = newFolder();
const whole = isInstalled('trainer') ? evaluated(join(folder, 'whole'), true) : null;

async function wholeOrSkip(context: TestContext): Promise<SchoolResult> {
  skipWithoutPython(context, 'trainer');
  return (await whole)!;
}

describe('evaluate school', { timeout: SLOW_MS }, () => {
  it('has every row and figure, each with its interval', async (context) => {
    const { rows, judged, newcomers } = await wholeOrSkip(context);
    expect(rows.map(({ variant }) => variant)).toEqual(VARIANTS);
    for (const list of LISTS) {
      expect(judged[list], list).toBeGreaterThan(15);
      expect(newcomers[list], list).toBeGreaterThan(0);
      for (const { variant, lists } of rows) {
        const { hit, gain, newcomers: begun, newItems } = lists[list];
        for (const one of [hit, gain, begun!, newItems!]) {
          expect([one.value > 0 && one.value <= 1, one.interval[0] <= one.interval[1]], `${list} ${variant}`).toEqual([true, true]);
        }
      }
      const [learned] = rows;
      expect(learned!.lists[list].gain).toMatchObject({ difference: 0, interval: [0, 0] });
    }
    const text = schoolText(await wholeOrSkip(context));
    for (const variant of VARIANTS) expect(text.split('\n').filter((line) => line.startsWith(`${variant} `))).toHaveLength(4);
  });

  it('loses with features in disorder, and is not the whole without the windowed ones or those of mastery', async (context) => {
    const { rows } = await wholeOrSkip(context);
    const gainOf = (variant: string, list: 'next' | 'new'): Compared => rows.find((row) => row.variant === variant)!.lists[list].gain;
    const disorder = gainOf('with shuffled features', 'next');
    expect(disorder.value).toBeLessThan(0.7 * gainOf('learned', 'next').value);
    expect(disorder.interval[1]).toBeLessThan(0);
    // Of `new`, in which are hardly more items than places, any order has most.
    expect(gainOf('with shuffled features', 'new').difference).toBeLessThan(0);
    for (const variant of ['without windowed features', 'without mastery']) expect(gainOf(variant, 'next').difference, variant).not.toBe(0);
  });

  it('names no source that was taken out', async (context) => {
    const { rows } = await wholeOrSkip(context);
    const namedBy = (variant: string, list: 'next' | 'new', source: string): number =>
      rows.find((row) => row.variant === variant)!.lists[list].named[source]!;
    // The others are named by what speaks for an item, whoever proposed it, and by the shared lists of who has just begun.
    for (const source of ['ALS', 'NEIGHBOURS', 'COVISITED'] as const) {
      for (const list of LISTS) expect(namedBy(`without ${source}`, list, source), `${source} ${list}`).toBe(0);
    }
    for (const source of ['CURRICULUM', 'ALS', 'NEW']) expect(namedBy('learned', 'new', source), source).toBeGreaterThan(0);
  });

  it('gives the same figures in a second call', async (context) => {
    const { rows } = await wholeOrSkip(context);
    const again = await evaluated(join(folder, 'again'), false);
    expect(again.rows).toEqual(rows.filter(({ variant }) => variant === 'learned' || variant === 'formula'));
  });

  it('is refused where there are too few days to train on', async () => {
    const program = await skillforgeProgram(['evaluate']);
    await expect(program.parseAsync(['evaluate', 'school', '--days', '10'], { from: 'user' })).rejects.toMatchObject({
      message: expect.stringContaining('from 16 on') as string,
    });
  });
});
