/** `skillforge evaluate ips`, as it is called, on a log of which it is known what each policy earns. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Estimate, OffPolicyEstimates } from '../../../scripts/evaluation/offPolicy.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 120_000;
const DECISIONS = 3_000;
const ITEMS = ['a', 'b', 'c'] as const;
/** How likely learners are to open an item, at each of two places. */
const OPENED = [
  [0.1, 0.5, 0.9],
  [0.6, 0.2, 0.3],
] as const;
const LOGGING = [0.6, 0.3, 0.1] as const;
const TARGET = [0.2, 0.2, 0.6] as const;
/** Shown at both places by a policy that does not draw. */
const RANKED = [2, 0] as const;
const valueOf = (policy: readonly number[]): number =>
  OPENED.flatMap((place) => place.map((open, item) => open * policy[item]!)).reduce((a, b) => a + b);

function written(told: readonly number[] = LOGGING): string {
  const random = new SeededRandom(17);
  const lines = Array.from({ length: DECISIONS }, (_, n) => {
    const drawn = OPENED.map(() => {
      const at = random.unit();
      return at < LOGGING[0] ? 0 : at < LOGGING[0] + LOGGING[1] ? 1 : 2;
    });
    return JSON.stringify({
      context: { number: n },
      shown: drawn.map((item) => ({ item: ITEMS[item], propensity: told[item] })),
      rewards: drawn.map((item, place) => (random.chance(OPENED[place]![item]) ? 1 : 0)),
      target: drawn.map((item) => TARGET[item]),
      rankings: { best: RANKED.map((item) => ITEMS[item]) },
    });
  });
  const path = join(newFolder(), 'decisions.jsonl');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const evaluated = async (...words: readonly string[]): Promise<OffPolicyEstimates> =>
  JSON.parse(await commandOutput(['evaluate', 'ips', ...words, '--json'])) as OffPolicyEstimates;
const holds = ({ interval: [low, high] }: Estimate, truth: number): boolean => low <= truth && truth <= high;

describe('evaluate ips', { timeout: SLOW_MS }, () => {
  it('tells what the other policy earns, from a file', async () => {
    const found = await evaluated(written());
    expect(found).toMatchObject({ decisions: DECISIONS, places: 2, shown: 2 * DECISIONS, resamples: 1000, seed: 1, ranking: null });
    expect([holds(found.ips, valueOf(TARGET)), holds(found.snips, valueOf(TARGET)), holds(found.logged, valueOf(LOGGING))]).toEqual([
      true,
      true,
      true,
    ]);
    expect(holds(found.meanWeight, 1)).toBe(true);
    // What was logged is something else, so the intervals are worth something.
    expect(holds(found.ips, valueOf(LOGGING))).toBe(false);
  });

  it('tells what a ranking earns', async () => {
    const found = await evaluated(written(), '--ranking', 'best', '--resamples', '300', '--seed', '4');
    expect(found).toMatchObject({ ranking: 'best', resamples: 300, seed: 4 });
    const truth = RANKED.reduce<number>((sum, item, place) => sum + OPENED[place]![item], 0);
    expect([holds(found.ips, truth), holds(found.snips, truth), holds(found.meanWeight, 1)]).toEqual([true, true, true]);
  });

  it('says that propensities are wrong, for people', async () => {
    expect(await commandOutput(['evaluate', 'ips', written([0.3, 0.6, 0.1])])).toContain('! the mean weight is not 1');
    const right = await commandOutput(['evaluate', 'ips', written()]);
    expect(right).not.toContain('!');
    expect(right).toContain('3,000 decisions with up to 2 places');
  });

  it('refuses a line that is no decision', async () => {
    const path = join(newFolder(), 'decisions.jsonl');
    writeFileSync(path, '{"shown":[]}\n');
    await expect(evaluated(path)).rejects.toMatchObject({ code: 'SFS_LINE_INVALID' });
  });
});
