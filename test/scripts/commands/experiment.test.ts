/** `skillforge experiment`, built: payloads with their faults, and an experiment from its payload to its report. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { rankerPayload } from '../../runtime/experiments/payloads.js';
import { runCli } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

function fileOf(payload: unknown): string {
  const path = join(newFolder(), 'features.json');
  writeFileSync(path, JSON.stringify(payload, null, 2));
  return path;
}

describe('skillforge experiment', () => {
  it('lists what a payload has, and says where it is wrong', async () => {
    const [right, wrong] = [fileOf(rankerPayload()), fileOf(rankerPayload({ weights: [0.5, 0.6] }))];
    const [listed, refused] = await Promise.all([runCli(['experiment', 'list', right]), runCli(['experiment', 'validate', wrong])]);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/ranker +recommendations\.ranker +100 % +control +50 % +"model"\n +formula +50 % +"formula"/);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(
      `${wrong}:14:22 features.recommendations.ranker.rules[0].weights must be 2 numbers from 0 to 1 that make 1\n1 finding`,
    );
  });

  it('runs from a payload to a report', { timeout: 600_000 }, async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const data = join(newFolder(), 'data');
    const place = ['--data', data];
    const features = fileOf(rankerPayload());
    const school = ['--learners', '200', '--courses', '1', '--days', '12', '--events-per-day', '1000'];
    expect((await runCli(['generate', ...place, ...school])).code).toBe(0);
    const upstream = [
      'cohort-trends',
      'curricula',
      'item-trends',
      'learner-activity',
      'learner-contexts',
      'learner-engagement',
      'quiz-mastery',
      'segment-lists',
    ];
    const run = await runCli(['run', ...upstream, 'recommendations', ...place, '--experiments', features, '--until-end', '--json']);
    expect([run.code, run.stdout.includes('recommendations@3')]).toEqual([0, true]);
    const report = await runCli(['experiment', 'report', ...place, '--experiment', 'ranker', '--window-days', '2', '--json']);
    interface Reported {
      readonly control: string;
      readonly mixed: number;
      readonly sampleRatio: { readonly isMismatch: boolean };
      readonly variations: readonly { readonly variation: string; readonly learners: number }[];
    }
    const found = report.json<Reported>();
    expect(found).toMatchObject({ control: 'control', mixed: 0, sampleRatio: { isMismatch: false } });
    expect(found.variations.map(({ variation }) => variation)).toEqual(['control', 'formula']);
    expect(found.variations.every(({ learners }) => learners > 10)).toBe(true);
    const unknown = await runCli(['experiment', 'report', ...place, '--experiment', 'none']);
    expect([unknown.code, unknown.stderr]).toEqual([3, expect.stringContaining('SFS_EXPERIMENT_UNKNOWN')]);
  });
});
