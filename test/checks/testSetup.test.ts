import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { USUAL_ENVIRONMENTS } from '../../scripts/ml/python.js';

describe('npm run test:setup', () => {
  it('knows its parts, among them the Python environments, and no others', { timeout: 60_000 }, () => {
    const args = ['--import', 'tsx', join('scripts', 'checks', 'testSetup.ts'), 'chromium', 'butter'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe(`unknown: butter; there are chromium, servers, promtool, kafka-native, ${USUAL_ENVIRONMENTS.join(', ')}\n`);
  });
});
