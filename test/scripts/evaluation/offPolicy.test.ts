import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { estimatesText } from '../../../scripts/commands/evaluateIps.js';
import { decisionsOf } from '../../../scripts/evaluation/decisionLog.js';
import { OffPolicyEstimator, type OffPolicyEstimates, type ShownDecision, type ShownItem } from '../../../scripts/evaluation/offPolicy.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';

const folder = mkdtempSync(join(tmpdir(), 'skillforge-ips-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Two places with three items each, and two kinds of learners who like different ones: what each policy earns is known. */
const LIKES = [
  [
    [0.1, 0.5, 0.9],
    [0.2, 0.3, 0.4],
  ],
  [
    [0.8, 0.4, 0.2],
    [0.6, 0.1, 0.3],
  ],
] as const;
const LOGGING = [0.6, 0.3, 0.1] as const;
/** Shows each kind of learners its best, mostly. */
const TARGET = [
  [0.1, 0.2, 0.7],
  [0.8, 0.1, 0.1],
] as const;
const valueOf = (policyOf: (kind: number) => readonly number[]): number =>
  [0, 1].reduce(
    (sum, kind) => sum + LIKES[kind]!.reduce((all, likes) => all + likes.reduce((one, like, item) => one + like * policyOf(kind)[item]!, 0), 0) / 2,
    0,
  );
const TRUTH = valueOf((kind) => TARGET[kind]!);

/** A log by LOGGING, as it would be written. @param told - propensities that the log tells */
function logOf(seed: number, decisions: number, told: readonly number[] = LOGGING): ShownItem[][] {
  const random = new SeededRandom(seed);
  return Array.from({ length: decisions }, () => {
    const kind = random.below(2);
    return [0, 1].map((place) => {
      const drawn = random.unit();
      const item = drawn < LOGGING[0] ? 0 : drawn < LOGGING[0] + LOGGING[1] ? 1 : 2;
      const reward = random.chance(LIKES[kind]![place]![item]) ? 1 : 0;
      return { propensity: told[item]!, target: TARGET[kind]![item], reward };
    });
  });
}

function estimatesOf(
  log: readonly (readonly ShownItem[])[],
  resamples = 200,
  seed = 1,
  learnerOf = (_: number): string | null => null,
): OffPolicyEstimates {
  const estimator = new OffPolicyEstimator({ resamples, seed });
  log.forEach((shown, n) => estimator.add({ learner: learnerOf(n), shown }));
  return estimator.estimates();
}

const SEEDS = Array.from({ length: 40 }, (_, n) => 100 + n);
const holds = ({ interval: [low, high] }: OffPolicyEstimates['ips'], truth: number): boolean => low <= truth && truth <= high;

describe('estimates of another policy', () => {
  it('hold the truth in their intervals about as often as those say', () => {
    const found = SEEDS.map((seed) => estimatesOf(logOf(seed, 800)));
    // Of 40 intervals of 95 %, 2 miss on average; 8 or more do once in a thousand.
    expect(found.filter(({ ips }) => holds(ips, TRUTH)).length).toBeGreaterThan(32);
    expect(found.filter(({ snips }) => holds(snips, TRUTH)).length).toBeGreaterThan(32);
    expect(
      found.filter(({ logged }) =>
        holds(
          logged,
          valueOf(() => LOGGING),
        ),
      ).length,
    ).toBeGreaterThan(32);
    expect(found.filter(({ meanWeight }) => holds(meanWeight, 1)).length).toBeGreaterThan(32);
    const mean = (of: (one: OffPolicyEstimates) => number): number => found.reduce((sum, one) => sum + of(one), 0) / found.length;
    expect(mean(({ ips }) => ips.value)).toBeCloseTo(TRUTH, 1);
    // Knowing it from 40 logs, the self-normalised estimate wanders less.
    const spread = (of: (one: OffPolicyEstimates) => number): number => mean((one) => (of(one) - TRUTH) ** 2);
    expect(spread(({ snips }) => snips.value)).toBeLessThan(spread(({ ips }) => ips.value));
  });

  it('miss it with wrong propensities, and the mean weight tells', () => {
    const found = SEEDS.map((seed) => estimatesOf(logOf(seed, 800, [0.3, 0.6, 0.1])));
    expect(found.filter(({ ips }) => holds(ips, TRUTH)).length).toBeLessThan(4);
    expect(found.filter(({ meanWeight }) => holds(meanWeight, 1)).length).toBeLessThan(4);
    expect(estimatesText(found[0]!)).toContain('! the mean weight is not 1');
  });

  it('are the mean where both policies are the same', () => {
    const same = logOf(7, 300).map((shown) => shown.map((one) => ({ ...one, target: one.propensity })));
    const { logged, ips, snips, meanWeight, effectiveSize, decisions, places, shown } = estimatesOf(same);
    expect([ips.value, snips.value, meanWeight.value]).toEqual([
      expect.closeTo(logged.value, 9),
      expect.closeTo(logged.value, 9),
      expect.closeTo(1, 9),
    ]);
    expect([decisions, places, shown]).toEqual([300, 2, 600]);
    expect(effectiveSize).toBeCloseTo(600, 6);
  });

  it('are what one computes by hand', () => {
    const log = [
      [{ propensity: 0.5, target: 1, reward: 1 }],
      [{ propensity: 0.25, target: 0, reward: 1 }],
      [{ propensity: 0.5, target: 0.5, reward: 0 }],
    ];
    const { logged, ips, snips, effectiveSize } = estimatesOf(log);
    expect([logged.value, ips.value, snips.value, effectiveSize]).toEqual(
      [2 / 3, 2 / 3, 2 / 3, 9 / 5].map((one) => expect.closeTo(one, 9) as number),
    );
  });

  it('are the same with the same seed', () => {
    const log = logOf(3, 100);
    expect(estimatesOf(log)).toEqual(estimatesOf(log));
    expect(estimatesOf(log, 200, 2).ips.interval).not.toEqual(estimatesOf(log).ips.interval);
  });

  it('know no more of a learner who decides often: intervals are of learners', () => {
    const log = logOf(5, 200);
    const widthOf = ({ ips: { interval } }: OffPolicyEstimates): number => interval[1] - interval[0];
    const once = widthOf(estimatesOf(log));
    const often = log.flatMap((shown) => Array.from({ length: 16 }, () => shown));
    // Sixteen times the same of each: a quarter as wide to whom they were all different people.
    expect(widthOf(estimatesOf(often)) / once).toBeCloseTo(1 / 4, 1);
    expect(Math.abs(widthOf(estimatesOf(often, 200, 1, (n) => `learner-${Math.floor(n / 16)}`)) / once - 1)).toBeLessThan(0.2);
  });

  it('are none of no decisions', () => {
    expect(estimatesText(estimatesOf([]))).toBe('no decisions');
  });
});

const fileOf = (...lines: readonly string[]): string => {
  const path = join(folder, 'log.jsonl');
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return path;
};
const read = async (path: string, ranking: string | null = null): Promise<ShownDecision[]> => {
  const decisions: ShownDecision[] = [];
  for await (const decision of decisionsOf(path, ranking)) decisions.push(decision);
  return decisions;
};

describe('a log of decisions', () => {
  const shown = [
    { item: 'a', propensity: 0.5 },
    { item: 'b', propensity: 1 },
  ];

  it('is read line by line, with the probabilities of the other policy', async () => {
    const decision = { context: { learner: 'x' }, shown, rewards: [1, 0], target: [0.25, 0] };
    const items = [
      { propensity: 0.5, target: 0.25, reward: 1 },
      { propensity: 1, target: 0, reward: 0 },
    ];
    expect(await read(fileOf(JSON.stringify(decision), '', '  ', JSON.stringify({ ...decision, learner: 'ada' })))).toEqual([
      { learner: null, shown: items },
      { learner: 'ada', shown: items },
    ]);
  });

  it('can have a ranking instead, whose items stand where they are for sure', async () => {
    const path = fileOf(JSON.stringify({ shown, rewards: [1, 0], rankings: { other: ['a', 'c', 'b'], third: ['b', 'a'] } }));
    expect((await read(path, 'other'))[0]!.shown.map(({ target }) => target)).toEqual([1, 0]);
    expect((await read(path, 'third'))[0]!.shown.map(({ target }) => target)).toEqual([0, 0]);
    await expect(read(path, 'fourth')).rejects.toThrow('line 1: rankings has no array fourth');
  });

  it.each([
    ['{', 'line 1: no JSON'],
    ['[]', 'line 1: not a JSON object'],
    ['{"rewards":[]}', 'line 1: shown is missing'],
    ['{"shown":[{"propensity":1}],"rewards":[],"target":[1]}', 'line 1: 0 rewards for 1 items shown'],
    ['{"shown":[{"propensity":1}],"rewards":[1],"target":[]}', 'line 1: 0 target probabilities'],
    ['{"shown":[{"propensity":0}],"rewards":[1],"target":[1]}', 'must be in (0, 1]'],
    ['{"shown":[{}],"rewards":[1],"target":[1]}', 'the propensity at place 0 is undefined'],
    ['{"shown":[{"propensity":1}],"rewards":[1],"target":[2]}', 'must be in [0, 1]'],
    ['{"learner":7,"shown":[],"rewards":[],"target":[]}', 'learner is no text'],
    ['{"shown":[{"propensity":1}],"rewards":["1"],"target":[1]}', 'the reward at place 0 is no number'],
  ])('refuses %s', async (line, message) => {
    await expect(read(fileOf(line))).rejects.toThrow(message);
    await expect(read(fileOf(line))).rejects.toMatchObject({ code: 'SFS_LINE_INVALID' });
  });

  it('must be there', async () => {
    await expect(read(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'SFS_FILE_UNREADABLE' });
  });
});
