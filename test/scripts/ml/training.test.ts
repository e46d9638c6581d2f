/** docs/how-to/train-a-model.md on a small school: the stream writes, the trainer reads. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isInstalled, runTrainer } from '../../../scripts/ml/python.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { runCli } from '../commands/cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 300_000;
const SCHOOL = ['--learners', '80', '--courses', '2', '--items', '30', '--days', '14', '--events-per-day', '400'];
/** The school starts on 2025-09-01. */
const UNTIL_MS = Date.UTC(2025, 8, 12);

const folder = newFolder();
const exported = join(folder, 'training');

interface Trained {
  readonly version: string;
  readonly metrics: Readonly<Record<string, number>>;
}

const train = (until: number, out: string): Promise<unknown> =>
  runTrainer(['retrieval', '--export', exported, '--until', String(until), '--out', join(folder, out)]);

async function cli(...args: string[]): Promise<void> {
  const { code, stderr } = await runCli([...args, '--data', join(folder, 'data')], folder);
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  if (!isInstalled('trainer')) return;
  await cli('generate', ...SCHOOL);
  for (const name of ['curricula', 'learner-activity', 'learner-contexts']) await cli('run', name, '--until-end');
  await cli('training', 'export', '--out', exported);
}, SLOW_MS);

describe('training on what the stream wrote', () => {
  it('makes a bundle with every part, the same one each time', { timeout: SLOW_MS }, async (context) => {
    skipWithoutPython(context, 'trainer');
    const { version, metrics } = (await train(UNTIL_MS, 'models/one')) as Trained;
    expect(metrics).toMatchObject({ courses: 2 });
    expect(metrics['itemsWithFactors']).toBeGreaterThan(20);
    expect(metrics['itemsWithCovisits']).toBeGreaterThan(20);
    expect(metrics['segments']).toBeGreaterThanOrEqual(3);
    expect(await train(UNTIL_MS, 'models/two')).toMatchObject({ version });
    expect(await runTrainer(['verify', join(folder, 'models/two')])).toMatchObject({ version });
    expect(readFileSync(join(folder, 'models/two/model-card.md'), 'utf8')).toContain('2025-09-12');
  });

  it('tells the caller what is wrong', { timeout: SLOW_MS }, async (context) => {
    skipWithoutPython(context, 'trainer');
    await expect(train(0, 'models/never')).rejects.toMatchObject({
      code: 'SFS_TRAINER_FAILED',
      message: expect.stringContaining('neither interactions nor items from before --until 0') as unknown,
    });
    expect(existsSync(join(folder, 'models/never'))).toBe(false);
  });
});
