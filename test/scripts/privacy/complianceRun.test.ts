/** The compliance matrix by itself, line by line, and each line once more without its feature. `npm test` ends with the lines by what its tests have shown, and with a few of the features. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';

const MOST_MS = 3_600_000;

/** Outside of this run of tests: the commands are runs of tests, too. */
function compliance(...args: readonly string[]): { readonly status: number | null; readonly stdout: string } {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'TEST'));
  const words = ['--import', 'tsx', 'scripts/privacy/compliance.ts', ...args];
  return spawnSync(process.execPath, words, { cwd: projectRoot, env, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

it.for([
  { what: 'shows every obligation by its commands', args: [] },
  { what: 'turns red without each feature, and green with it', args: ['--mutations'] },
])('$what', { timeout: MOST_MS }, ({ args }, context) => {
  skipUnlessLong(context, 'OPERATIONS');
  const { status, stdout } = compliance(...args);
  const ended = stdout.slice(-2_000);
  expect(ended).not.toMatch(/STILL GREEN|NOT TRIED|fails without any mutation|[1-9]\d* failed/);
  const missing = ended.split('\n').filter((line) => line.startsWith('  not here: '));
  // Where the registry does not answer, known weaknesses cannot be asked for.
  expect(missing.filter((line) => !line.includes('the registry does not answer'))).toEqual([]);
  expect(status).toBe(missing.length === 0 ? 0 : 1);
});
