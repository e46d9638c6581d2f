/** The commands of oversight beside a run that has the folder open and a reader that follows it: from the command to the changed answer. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withFolder } from '../../../scripts/commands/folder.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { runCli, startCli } from '../commands/cliProcess.js';
import { Shelves } from '../../reader/shelves.js';
import { effectOf, liveReader } from './liveReader.js';
import { newFolder } from '../../fixtures/folders.js';

const COURSE = 'AAA-2014J';

async function written(folder: string): Promise<void> {
  await withFolder(folder, async ({ log }) => {
    const shelves = new Shelves(log);
    await shelves.item('n1');
    await shelves.recommend('ada', { [COURSE]: { next: ['n1', 'n2'] } });
    await shelves.segment(COURSE, 'all', [['p1', 90]]);
  });
}

/** A run that has the folder open. */
async function running(folder: string): Promise<void> {
  const run = startCli(['run', 'curricula', '--data', folder, '--json']);
  onTestFinished(() => void run.process.kill('SIGKILL'));
  let printed = '';
  run.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  await expect.poll(() => printed, { timeout: 60_000, interval: 50 }).toContain('progress');
}

const why = ['--reason', 'a test', '--by', 'ada'];

it('changes what is answered within ten seconds, and says who did', { timeout: 180_000 }, async () => {
  const folder = join(newFolder(), 'data');
  const data = ['--data', folder];
  await written(folder);
  await running(folder);
  const asked = await liveReader(data);
  const answer = (): Promise<unknown> => asked('ada');
  expect(await answer()).toEqual(['personal', ['n1', 'n2']]);
  const tookMs = [
    await effectOf(['block', 'n1', ...why, ...data], answer, ['personal', ['n2']]),
    await effectOf(['override', 'ada', '--pin', 'x1', 'x2', ...why, ...data], answer, ['personal', ['x1', 'x2', 'n2']]),
    await effectOf(['kill', 'formula-1', ...why, ...data], answer, ['popular', ['x1', 'x2', 'p1']]),
    await effectOf(['pause', ...why, ...data], answer, ['paused', ['x1', 'x2', 'p1']]),
  ];
  console.log(`from the command to the answer, in a folder that a run has open: ${tookMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ')}`);
  const list = await runCli(['oversight', 'list', ...data]);
  expect(list.stdout).toBe('the region eu-west is paused\nitem n1 is blocked\nmodel formula-1 is killed\nlearner ada: first x1, x2\n');
  const log = await runCli(['oversight', 'log', '--json', ...data]);
  const acts = log.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(acts.map(({ by, action, target, reason }) => [by, action, target, reason])).toEqual([
    ['ada', 'block', 'n1', 'a test'],
    ['ada', 'override', 'ada', 'a test'],
    ['ada', 'kill', 'formula-1', 'a test'],
    ['ada', 'pause', null, 'a test'],
  ]);
});

it.each([
  [['pause']],
  [['pause', '--reason', ' ']],
  [['pause', '--reason', 'x', '--by', ' ']],
  [['override', 'ada', ...why]],
  [['override', 'ada', '--pin', 'a', '--exclude', 'a', ...why]],
  [['override', 'ada', '--clear', '--baseline', ...why]],
  [['kill', ' ', ...why]],
  [['kill', 'recommender', ...why]],
  [['kill', '3', ...why]],
  [['kill', 'recommender@0123456789a', ...why]],
  [['kill', 'formula-2+recommender', ...why]],
  [['revive', 'recommender', ...why]],
])('refuses what says not why, not what, or too much: %s', async (words) => {
  const line = ['oversight', ...words, '--data', newFolder()];
  const program = await skillforgeProgram(line);
  const leaf = program.commands[0]!.commands[0]!;
  leaf.configureOutput({ writeErr: () => undefined });
  await expect(program.parseAsync(line, { from: 'user' })).rejects.toThrow(
    /required option|is empty|say what|cannot both|cannot be used|give the version/,
  );
});

it.each(['recommender@0123456789ab', 'formula-2', 'segment-popularity-1', 'formula-2+recommender@0123456789ab'])(
  'kills and revives what records may have as a version: %s',
  async (model) => {
    const data = ['--data', join(newFolder(), 'data')];
    await written(data[1]!);
    const given = (action: string) => runCli(['oversight', action, model, ...why, ...data]);
    expect(await given('kill')).toMatchObject({ code: 0, stdout: `model ${model} is killed; readers follow within ten seconds\n` });
    expect(await given('revive')).toMatchObject({ code: 0 });
    expect((await runCli(['oversight', 'list', ...data])).stdout).not.toContain(model);
  },
);

it('says what a version looks like, with the exit code of a wrong command line', async () => {
  const { code, stderr } = await runCli(['oversight', 'kill', '3', ...why, '--data', newFolder()]);
  expect(code).toBe(2);
  expect(stderr).toContain('SFS_USAGE: "3" is no version of a model: give the version as records say it, such as recommender@0123456789ab');
});
