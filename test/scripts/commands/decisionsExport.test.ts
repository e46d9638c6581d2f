/**
 * The propensities that a run logs are right: what `decisions export` makes of a school that was decided with exploration, `evaluate ips` reads, and its estimates
 * are those that the log itself can be asked for: the logging policy earns its own mean, and without exploration it would earn what those decisions earned
 * that did not explore.
 */
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRing } from '../../../runtime/keys/folderRing.js';
import { withFolder } from '../../../scripts/commands/folder.js';
import type { DecisionLogCounts } from '../../../scripts/evaluation/decisionLogExport.js';
import type { Estimate, OffPolicyEstimates } from '../../../scripts/evaluation/offPolicy.js';
import { liveSchool, runToTheEnd } from '../../../scripts/ml/demoSchool.js';
import { schoolOptions } from '../../../scripts/school/index.js';
import { recommendationsTopology } from '../../../topologies/recommendations.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 900_000;
const SCHOOL = schoolOptions({ seed: 23, learners: 150, courses: 1, items: 150, days: 14, eventsPerDay: 2_000 });
const EXPLORING = 0.3;
/** Places that are never drawn. */
const FIXED = 15;

interface Line {
  readonly learner: string;
  readonly rankings: Readonly<Record<string, readonly (string | null)[]>>;
  readonly context: { readonly explored: boolean; readonly decidedAtMs: number; readonly explorationShare: number };
  readonly shown: readonly { readonly item: string; readonly propensity: number }[];
  readonly rewards: readonly number[];
}

let data: string;
const at = (folder: string): string[] => ['--data', folder, '--region', SCHOOL.region, '--json'];
const evaluated = async (...words: readonly string[]): Promise<OffPolicyEstimates> =>
  JSON.parse(await commandOutput(['evaluate', 'ips', ...words, '--json'])) as OffPolicyEstimates;
const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

interface Exported {
  readonly out: string;
  readonly counts: DecisionLogCounts;
  readonly lines: readonly Line[];
}

async function exported(folder: string, ...words: readonly string[]): Promise<Exported> {
  const out = join(newFolder(), 'decisions.jsonl');
  const printed = await commandOutput(['decisions', 'export', '--out', out, '--within', '2', '--in-clear', ...at(folder), ...words]);
  return { out, counts: (JSON.parse(printed) as { readonly summary: DecisionLogCounts }).summary, lines: linesOf(out) };
}

const holds = ({ interval: [low, high] }: Estimate, truth: number): boolean => low <= truth && truth <= high;
const earned = (lines: readonly Line[], from = 0): number =>
  lines.reduce((sum, { rewards }) => sum + rewards.slice(from).reduce((all, one) => all + one, 0), 0) / lines.length;

/** A log of those places that may be drawn. @param told - the propensity that it tells of one that was logged */
function lastPlaces(lines: readonly Line[], told = (propensity: number): number => propensity): string {
  const path = join(newFolder(), 'last.jsonl');
  const cut = lines.map(({ learner, shown, rewards, rankings }) => ({
    learner,
    shown: shown.slice(FIXED).map(({ item, propensity }) => ({ item, propensity: told(propensity) })),
    rewards: rewards.slice(FIXED),
    rankings: Object.fromEntries(Object.entries(rankings).map(([name, ranking]) => [name, ranking.slice(FIXED)])),
  }));
  writeFileSync(path, cut.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

beforeAll(async () => {
  data = newFolder();
  await makeRing(data, { file: join(newFolder(), 'kek.json') }, 1);
  await liveSchool(data, SCHOOL, { models: null });
  const topology = recommendationsTopology({ loggedShare: 1, explorationShare: EXPLORING });
  await withFolder(data, (storage) => runToTheEnd(storage, [topology], SCHOOL.region, { models: null }));
}, SLOW_MS);

describe('decisions export', { timeout: SLOW_MS }, () => {
  it.each(['next', 'new'])('writes a log by which the policy earns its own mean: %s', async (list) => {
    const { out, counts, lines } = await exported(data, '--list', list);
    expect(counts).toMatchObject({ decisions: lines.length, mostlyDrawn: 0, otherRegion: 0 });
    expect([counts.decisions > 1_000, counts.open > 0, counts.rewarded > 500]).toEqual([true, true, true]);
    expect(counts.explored / counts.decisions).toBeCloseTo(EXPLORING, 1);
    const mean = earned(lines);
    const found = await evaluated(out, '--resamples', '300');
    expect([found.decisions, found.shown]).toEqual([counts.decisions, counts.shown]);
    expect([found.logged.value, found.ips.value, found.snips.value]).toEqual([mean, mean, mean].map((one) => expect.closeTo(one, 9) as number));
    expect([holds(found.ips, mean), found.ips.interval[1] > found.ips.interval[0]]).toEqual([true, true]);
  });

  it.each(['next', 'new'])(
    'has propensities that are right: without exploration it earns what those earned that did not explore: %s',
    async (list) => {
      const { out, lines } = await exported(data, '--list', list);
      const drawn = lines.filter(({ context }) => context.explored).flatMap(({ shown }) => shown.slice(FIXED));
      expect(drawn.filter(({ propensity }) => propensity < EXPLORING).length).toBeGreaterThan(200);
      const without = (log: string): Promise<OffPolicyEstimates> => evaluated(log, '--ranking', 'without-exploration', '--resamples', '300');
      const found = await without(out);
      const notExploring = lines.filter(({ context }) => !context.explored);
      const plain = earned(notExploring);
      expect([holds(found.ips, plain), holds(found.snips, plain), holds(found.meanWeight, 1)]).toEqual([true, true, true]);
      // The places that may be drawn alone: all others weigh the same, whatever propensities say.
      const [last, plainLast] = [await without(lastPlaces(lines)), earned(notExploring, FIXED)];
      expect([holds(last.ips, plainLast), holds(last.snips, plainLast), holds(last.meanWeight, 1)]).toEqual([true, true, true]);
      // Of a log that takes what mostly stands there for sure it would not be so.
      const wrong = await without(lastPlaces(lines, (propensity) => (propensity < EXPLORING ? propensity : 1)));
      expect(holds(wrong.meanWeight, 1)).toBe(false);
    },
  );

  it('is refused where values lie under keys, unless it is meant', async () => {
    const out = join(newFolder(), 'decisions.jsonl');
    await expect(commandOutput(['decisions', 'export', '--out', out, ...at(data)])).rejects.toMatchObject({ code: 'SFS_IN_CLEAR' });
    expect(existsSync(out)).toBe(false);
  });

  it('knows nothing of a learner who was erased, and loses what it had', async () => {
    const folder = join(newFolder(), 'copy');
    cpSync(data, folder, { recursive: true });
    const { out, lines } = await exported(folder);
    const { learner } = lines[0]!;
    const others = lines.filter((line) => line.learner !== learner);
    expect(others.length).toBeLessThan(lines.length);
    await commandOutput(['privacy', 'erase', learner, '--also', out, ...at(folder)]);
    expect(linesOf(out)).toEqual(others);
    expect((await exported(folder)).lines).toEqual(others);
  });
});
