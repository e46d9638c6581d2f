/** `skillforge evaluate oulad` from the files to the tables, on a made-up data set that is small enough to be trained on in minutes. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import type { AblationRow, ProtocolResult } from '../../../scripts/evaluation/ouladCase.js';
import { isInstalled } from '../../../scripts/ml/python.js';
import { newFolder } from '../../fixtures/folders.js';
import { isLong, skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { scoreOf } from '../../topologies/ouladScore.js';
import { runCli } from '../commands/cliProcess.js';
import { PRESENTATION_OF_CUT, writeMadeUp } from './madeUpOulad.js';

const SLOW_MS = 3_600_000;
const CUT_DAY = 27;
/** Some learners begin within a week before the cut. */
const LATE_FROM = CUT_DAY - 5;
const CASE = `${PRESENTATION_OF_CUT.course}@${CUT_DAY}`;
const SYSTEMS = ['SkillForge', 'popular, 7 days', 'popular, ever', 'implicit ALS', 'EASE', 'formula ranker'];
const VARIANTS = [
  'learned',
  ...['TRENDING', 'CURRICULUM', 'ALS', 'NEIGHBOURS', 'COVISITED', 'NEW'].map((source) => `without ${source}`),
  'without windowed features',
  'without mastery',
  'with shuffled features',
  'formula',
];
const MEASURES = ['ndcg', 'recall', 'hit', 'reciprocalRank', 'coverage'] as const;

interface Evaluation {
  readonly protocols: readonly ProtocolResult[];
  readonly ablation: readonly AblationRow[] | null;
  readonly steps: readonly { readonly name: string; readonly seconds: number }[];
}

interface Called {
  readonly evaluation: Evaluation;
  /** What was exported. */
  readonly lines: string;
}

const root = newFolder();
const data = join(root, 'data');
/** The same but for what comes after the cut. */
const changed = join(root, 'changed');

/** Calls the command in a folder of its own, or one of an earlier call. */
async function evaluated(folder: string, name: string, ...options: readonly string[]): Promise<Called> {
  const file = join(root, `${name}.jsonl`);
  const result = await runCli(['evaluate', 'oulad', folder, '--cases', CASE, '--json', '--export', file, ...options]);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return { evaluation: result.json<{ evaluation: Evaluation }>().evaluation, lines: readFileSync(file, 'utf8') };
}

function listsIn(lines: string): Map<string, readonly string[]> {
  const records = lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly learner_id: string; readonly items: readonly string[] });
  return new Map(records.map(({ learner_id, items }) => [learner_id, items]));
}

const protocolOf = ({ evaluation }: Called, protocol: 'any' | 'new'): ProtocolResult =>
  evaluation.protocols.find((one) => one.protocol === protocol)!;
const ndcgOf = ({ systems }: ProtocolResult, name: string): number => systems.find(({ system }) => system === name)!.ndcg;

function skipHere(context: TestContext): void {
  skipUnlessLong(context, 'OPERATIONS');
  skipWithoutPython(context, 'trainer');
}

let whole: Called;

beforeAll(async () => {
  if (!isLong('OPERATIONS') || !isInstalled('trainer')) return;
  for (const folder of [data, changed]) mkdirSync(folder);
  writeMadeUp(data, { changedFrom: Infinity, lateFrom: LATE_FROM });
  writeMadeUp(changed, { changedFrom: CUT_DAY + 1, lateFrom: LATE_FROM });
  whole = await evaluated(data, 'whole', '--ablation', '--work', join(root, 'work'));
  const seconds = whole.evaluation.steps.map(({ name, seconds: took }) => `${name}: ${took.toFixed(0)} s`);
  console.log(seconds.join('\n'));
}, SLOW_MS);

describe('evaluate oulad', { timeout: SLOW_MS }, () => {
  it('gives both protocols, all systems, groups and newcomers', (context) => {
    skipHere(context);
    expect(whole.evaluation.protocols.map(({ protocol }) => protocol)).toEqual(['any', 'new']);
    for (const { systems, learners, groups, newcomers, gain } of whole.evaluation.protocols) {
      expect(systems.map(({ system }) => system)).toEqual(SYSTEMS);
      const outside = systems.flatMap((one) => MEASURES.filter((name) => !(one[name] > 0 && one[name] <= 1)).map((name) => `${one.system} ${name}`));
      expect(outside).toEqual([]);
      expect(learners).toBeGreaterThan(60);
      expect(groups.map(({ grouping }) => grouping)).toEqual(expect.arrayContaining(['gender', 'age band']));
      for (const { ours, yardstick } of groups) {
        for (const { gap, interval } of [ours, yardstick]) expect([gap >= 0, interval[0] <= interval[1]]).toEqual([true, true]);
      }
      expect(newcomers?.learners).toBeGreaterThan(0);
      expect(gain.gain).toBeCloseTo(systems[0]!.ndcg / systems[1]!.ndcg - 1, 6);
      expect([gain.interval[0] <= gain.gain, gain.gain <= gain.interval[1]]).toEqual([true, true]);
    }
  });

  it('gives every row of the ablation, of which features in disorder lose', (context) => {
    skipHere(context);
    const rows = whole.evaluation.ablation!;
    console.log(rows.map(({ variant, ndcg }) => `${variant}: ${ndcg.any.toFixed(4)} ${ndcg.new.toFixed(4)}`).join('\n'));
    expect(rows.map(({ variant }) => variant)).toEqual(VARIANTS);
    const of = (name: string): AblationRow['ndcg'] => rows.find(({ variant }) => variant === name)!.ndcg;
    for (const protocol of ['any', 'new'] as const) {
      expect(of('learned')[protocol]).toBe(ndcgOf(protocolOf(whole, protocol), 'SkillForge'));
      expect(of('formula')[protocol]).toBe(ndcgOf(protocolOf(whole, protocol), 'formula ranker'));
      expect(of('with shuffled features')[protocol]).toBeLessThan(0.9 * of('learned')[protocol]);
    }
  });

  it('exports the lists that it scores, of either protocol', async (context) => {
    skipHere(context);
    const fresh = await evaluated(data, 'fresh', '--new', '--work', join(root, 'work'));
    for (const [called, list, protocol] of [
      [whole, 'next', 'any'],
      [fresh, 'new', 'new'],
    ] as const) {
      const score = scoreOf(data, PRESENTATION_OF_CUT, CUT_DAY, listsIn(called.lines), list);
      const { learners, systems } = protocolOf(called, protocol);
      expect(learners).toBe(score.learners);
      expect(systems[0]!.ndcg).toBeCloseTo(score.ndcg10, 9);
      expect(systems[0]!.recall).toBeCloseTo(score.recall20, 9);
      expect(systems[1]!.ndcg).toBeCloseTo(score.yardstickNdcg10, 9);
    }
  });

  it('gives the same figures and lists in a second call', async (context) => {
    skipHere(context);
    const again = await evaluated(data, 'again');
    expect(again.evaluation.protocols).toEqual(whole.evaluation.protocols);
    expect(again.evaluation.ablation).toBeNull();
    expect(again.lines).toBe(whole.lines);
  });

  it('sees nothing of what comes after the cut: other rows there change the scores and no list', async (context) => {
    skipHere(context);
    const other = await evaluated(changed, 'other');
    expect(readFileSync(join(changed, 'studentVle.csv.gz')).equals(readFileSync(join(data, 'studentVle.csv.gz')))).toBe(false);
    expect(other.lines).toBe(whole.lines);
    for (const protocol of ['any', 'new'] as const) {
      expect(protocolOf(other, protocol).systems.map(({ ndcg }) => ndcg)).not.toEqual(protocolOf(whole, protocol).systems.map(({ ndcg }) => ndcg));
    }
  });
});
