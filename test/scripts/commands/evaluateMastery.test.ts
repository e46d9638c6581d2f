/** `skillforge evaluate mastery`, as it is called. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contenders, type ComparedModel } from '../../../scripts/knowledge/comparison/comparison.js';
import type { MasteryEvaluation } from '../../../scripts/knowledge/evaluation.js';
import { SeededRandom } from '../../../scripts/synthetic/random.js';
import { runCli } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 120_000;
const PUPILS = 60;
const ANSWERS = 30;

/** Pupils of different ability, who answer questions of five skills. */
function answers(): string {
  const random = new SeededRandom(3);
  return Array.from({ length: PUPILS }, () => {
    const ability = 5 * random.unit() - 2.5;
    const skills = Array.from({ length: ANSWERS }, () => random.below(5));
    const marks = skills.map((skill) => (random.chance(1 / (1 + Math.exp(skill / 2 - 1 - ability))) ? 1 : 0));
    return `${ANSWERS}\n${skills.join()}\n${marks.join()}\n`;
  }).join('');
}

function written(name: string, content: string | Uint8Array): string {
  const path = join(newFolder(), name);
  writeFileSync(path, content);
  return path;
}

const evaluate = (...args: string[]): ReturnType<typeof runCli> => runCli(['evaluate', 'mastery', ...args]);

describe('evaluate mastery', () => {
  it('tells how well the answers of a file are predicted, compressed or not', { timeout: SLOW_MS }, async () => {
    const file = written('answers.csv', answers());
    const plain = await evaluate(file, '--json');
    expect(plain.code, plain.stderr).toBe(0);
    const { file: told, seconds, ...evaluation } = plain.json<MasteryEvaluation & { readonly file: string; readonly seconds: number }>();
    expect([told, seconds > 0]).toEqual([file, true]);
    expect(evaluation).toMatchObject({ pupils: PUPILS, answers: PUPILS * ANSWERS, skills: 5 });
    expect(evaluation.first.answers + evaluation.later.answers).toBe(PUPILS * ANSWERS);
    expect(evaluation.calibration.reduce((sum, bin) => sum + bin.answers, 0)).toBe(PUPILS * ANSWERS);
    // Who answers matters more here than what is asked.
    expect(evaluation.auc).toBeGreaterThan(evaluation.rateAlone.auc! + 0.05);
    const [low, high] = evaluation.aucInterval!;
    expect([low < evaluation.auc!, evaluation.auc! < high]).toEqual([true, true]);
    const compressed = await evaluate(written('answers.csv.gz', gzipSync(answers())), '--json');
    expect(compressed.json()).toMatchObject(evaluation);
    expect(evaluation).not.toHaveProperty('comparison');
  });

  it('prints a table for people', { timeout: SLOW_MS }, async () => {
    const file = written('answers.csv', answers());
    const { code, stdout } = await evaluate(file);
    expect(code).toBe(0);
    expect(stdout).toContain(`${file}: 1,800 answers of 60 pupils, 5 skills, `);
    expect(stdout).toMatch(/^all +1,800 +0\.\d{4} +0\.\d{4}$/m);
    expect(stdout).toMatch(/^AUC of all: 95 % interval 0\.\d{4} to 0\.\d{4}/m);
    expect(stdout).toMatch(/^expected calibration error 0\.\d{4}$/m);
  });

  it('compares models, for people and for programs', { timeout: SLOW_MS }, async () => {
    const file = written('answers.csv', answers());
    const [people, programs] = [await evaluate(file, '--compare'), await evaluate(file, '--compare', '--json')];
    expect([people.code, programs.code], people.stderr + programs.stderr).toEqual([0, 0]);
    const { comparison, auc } = programs.json<MasteryEvaluation & { readonly comparison: readonly ComparedModel[] }>();
    expect(comparison.map(({ model, title }) => [model, title])).toEqual(contenders.map(({ model, title }) => [model, title]));
    for (const { title, auc: area, aucInterval, logLoss } of comparison) {
      const [low, high] = aucInterval!;
      const row = [title, area!.toFixed(4), `${low.toFixed(4)} to ${high.toFixed(4)}`, logLoss.toFixed(4)];
      expect(people.stdout.split('\n').map((line) => line.split(/ {2,}/))).toContainEqual(row);
    }
    expect(auc).toBeGreaterThan(comparison[0]!.auc!);
    const four = await evaluate(written('four.csv', '1\n4\n1\n'.repeat(4)), '--compare');
    expect([four.code, four.stdout]).toEqual([3, '']);
    expect(four.stderr).toContain('has 4 pupils; a comparison fits models to some and tests them on others, and needs 5');
  });

  it.each([
    ['a mark that is none', written('marks.csv', '1\n4\n1\n1\n4\n2\n'), 'SFS_ANSWERS_MALFORMED', 'line 6'],
    ['a file without answers', written('empty.csv', ''), 'SFS_ANSWERS_MALFORMED', 'has no answers'],
    ['a file that is not there', join(newFolder(), 'absent.csv'), 'SFS_ANSWERS_UNREADABLE', 'absent.csv'],
    ['a folder', newFolder(), 'SFS_ANSWERS_UNREADABLE', ''],
    ['one that is cut short', written('cut.csv.gz', gzipSync(answers()).subarray(0, 300)), 'SFS_ANSWERS_UNREADABLE', 'cut.csv.gz'],
  ])('refuses %s', { timeout: SLOW_MS }, async (_, file, code, what) => {
    const { code: exit, stdout, stderr } = await evaluate(file);
    expect([exit, stdout]).toEqual([3, '']);
    expect(stderr).toContain(code);
    expect(stderr).toContain(what);
  });
});
