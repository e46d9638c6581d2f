import { execFile, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { demoModel } from '../../../scripts/commands/demoModels.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';

const SLOW_MS = 3_600_000;
const script = join(projectRoot, 'scripts', 'ml', 'demoModel.ts');

it('trains nothing where its argument is a slip of the pen', { timeout: 60_000 }, () => {
  const before = readFileSync(join(demoModel, 'manifest.json'), 'utf8');
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', script, '--chekc'], { encoding: 'utf8', cwd: projectRoot });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('--chekc is no argument of it');
  expect(readFileSync(join(demoModel, 'manifest.json'), 'utf8')).toBe(before);
  expect(readdirSync(join(demoModel, '..'))).toEqual(['demo']);
});

it('comes out the same when it is trained anew', { timeout: SLOW_MS }, async (context) => {
  skipUnlessLong(context, 'OPERATIONS');
  skipWithoutPython(context, 'trainer');
  const { version } = JSON.parse(readFileSync(join(demoModel, 'manifest.json'), 'utf8')) as { version: string };
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, '--check'], { cwd: projectRoot });
  expect(stdout).toContain(`version ${version}, as trained anew`);
});
