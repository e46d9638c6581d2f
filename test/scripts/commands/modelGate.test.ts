/** A school is lived, two models are trained on it, a good one and a poisoned one: what the gates let through, and what a shadow tells of both. */
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { localTools } from '../../../runtime/localTools.js';
import { withFolder } from '../../../scripts/commands/folder.js';
import { liveSchool, runToTheEnd } from '../../../scripts/ml/demoSchool.js';
import { isInstalled, runTrainer } from '../../../scripts/ml/python.js';
import { GATES, type GateName } from '../../../scripts/models/gates/gate.js';
import type { GateReport } from '../../../scripts/models/gates/runGates.js';
import { DAY_MS, DEFAULT_SCHOOL, type SchoolOptions } from '../../../scripts/school/index.js';
import { exportTraining } from '../../../scripts/training/trainingExport.js';
import { recommendationsTopology } from '../../../topologies/recommendations.js';
import { isLong, skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { runCli, type CliResult } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 600_000;
const { startMs, region } = DEFAULT_SCHOOL;
const SCHOOL: Partial<SchoolOptions> = { seed: 5, learners: 150, courses: 2, items: 40, days: 23, eventsPerDay: 850 };
/** Models learn from what was decided in the first 8 days; the day after they were trained judges them, whose weeks end with the school. */
const TRAINED_MS = startMs + 15 * DAY_MS;
const JUDGED_MS = startMs + 16 * DAY_MS;

const folder = newFolder();
const [data, exported] = [join(folder, 'data'), join(folder, 'training')];

const train = (command: string, out: string, ...more: string[]): Promise<unknown> =>
  runTrainer([command, '--export', exported, '--until', String(TRAINED_MS), '--out', join(folder, out), ...more]);

/** `skillforge model …` on the school's folder. */
const model = (...args: string[]): Promise<CliResult> => runCli(['model', ...args, '--data', data], folder);

const gate = (number: string, ...more: string[]): Promise<CliResult> =>
  // Whatever else this machine does.
  model(
    'gate',
    number,
    '--export',
    exported,
    '--from',
    String(TRAINED_MS),
    '--until',
    String(JUDGED_MS),
    '--bound',
    'latency=60000',
    ...more,
    '--json',
  );

const failedIn = ({ checks }: GateReport): GateName[] => checks.filter(({ status }) => status === 'failed').map(({ name }) => name);

beforeAll(async () => {
  if (!isLong('OPERATIONS') || !isInstalled('trainer')) return;
  await liveSchool(data, SCHOOL, { models: null });
  const recommendations = recommendationsTopology({ loggedShare: 1 / 2, decidedShare: 1 / 2, explorationShare: 0 });
  await withFolder(data, async (storage) => {
    await runToTheEnd(storage, [recommendations], region, { models: null });
    await exportTraining(localTools(storage), { region, out: exported });
  });
  await train('retrieval', 'retrieval', '--parts', 'segments');
  for (const [name, ...more] of [['good'], ['poisoned', '--shuffle']]) {
    await train('ranker', name!, '--retrieval', join(folder, 'retrieval'), '--trees', '60', ...more);
    expect(await model('register', join(folder, name!))).toMatchObject({ code: 0 });
  }
}, SLOW_MS);

describe('gates', () => {
  beforeEach((context) => skipUnlessLong(context, 'OPERATIONS'));
  beforeEach((context) => skipWithoutPython(context, 'trainer'));

  it('let a good model through, which may be promoted then', { timeout: SLOW_MS }, async () => {
    expect(await model('promote', '1')).toMatchObject({ code: 3, stderr: expect.stringContaining('SFS_MODEL_GATE') as string });
    const result = await gate('1');
    const report = result.json<GateReport>();
    expect(failedIn(report), result.stdout).toEqual([]);
    expect(report).toMatchObject({ number: '1', status: 'passed', champion: null });
    expect(report.checks.map(({ name, status }) => [name, status])).toEqual(GATES.map((name) => [name, 'passed']));
    expect(result.code).toBe(0);
    expect(await model('promote', '1')).toMatchObject({ code: 0 });
  });

  it('stop a poisoned one, compared with the good one', { timeout: SLOW_MS }, async () => {
    const result = await gate('2');
    const report = result.json<GateReport>();
    expect(report).toMatchObject({ number: '2', status: 'failed', champion: '1' });
    expect(failedIn(report)).toEqual(expect.arrayContaining(['quality-next', 'quality-new', 'groups']));
    expect(failedIn(report)).not.toContain('parity');
    expect(result.code).toBe(1);
    expect(await model('promote', '2')).toMatchObject({ code: 3, stderr: expect.stringContaining('SFS_MODEL_GATE') as string });
  });

  it('fail closed on decisions that the model has seen, and keep why', { timeout: SLOW_MS }, async () => {
    const result = await gate('1', '--from', String(TRAINED_MS - DAY_MS));
    expect(result.code).toBe(1);
    expect(failedIn(result.json<GateReport>())).toEqual(GATES.slice(GATES.indexOf('decisions')));
    const shown = await model('list', '--json');
    expect(shown.stdout).toContain('cannot judge it');
  });

  it('refuse a bound that nothing has', { timeout: SLOW_MS }, async () => {
    expect(await gate('1', '--bound', 'beauty=1')).toMatchObject({ code: 2 });
    expect(await gate('1', '--bound', 'quality=high')).toMatchObject({ code: 2 });
  });

  it('leave a shadow of each, which tells how much of what was shown the model would have shown', { timeout: SLOW_MS }, async () => {
    const overlaps: number[] = [];
    for (const number of ['1', '2']) {
      expect(await model('stage', number)).toMatchObject({ code: 0 });
      const result = await model('shadow', '--until-end', '--record', '--json');
      const report = result.json<{ number: string; decisions: number; decidedBy: Record<string, number>; lists: { next: { overlap: number } } }>();
      expect(report).toMatchObject({ number, decidedBy: { 'formula-2': report.decisions } });
      expect(report.decisions).toBeGreaterThan(200);
      overlaps.push(report.lists.next.overlap);
      expect((await model('list', '--json')).stdout).toContain(JSON.stringify(result.stdout.trim()).slice(1, -1));
    }
    // Both learnt from lists of the formula: neither shows all of them, nor nothing of them, and they are two models.
    for (const overlap of overlaps) expect(overlap).toBeGreaterThan(0.3);
    for (const overlap of overlaps) expect(overlap).toBeLessThan(1);
    expect(overlaps[0]).not.toBe(overlaps[1]);
    const again = await model('shadow', '--until-end');
    expect(again.stdout).toContain('overlap');
  });
});
