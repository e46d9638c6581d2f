import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { demoModel } from '../../../scripts/commands/demoModels.js';

it('trains nothing where its argument is a slip of the pen', { timeout: 60_000 }, () => {
  const before = readFileSync(join(demoModel, 'manifest.json'), 'utf8');
  const script = join(projectRoot, 'scripts', 'ml', 'demoModel.ts');
  const { status, stderr, stdout } = spawnSync(process.execPath, ['--import', 'tsx', script, '--chekc'], { encoding: 'utf8', cwd: projectRoot });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('--chekc is no argument of it');
  expect(readFileSync(join(demoModel, 'manifest.json'), 'utf8')).toBe(before);
  expect(readdirSync(join(demoModel, '..'))).toEqual(['demo']);
});
