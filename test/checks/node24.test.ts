import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { REPORT_FILE_VARIABLE, type RunReport } from '../../scripts/checks/counts.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { skipUnlessLong } from '../fixtures/longForms.js';

/** Fast tests that touch what a version of Node may change: the native database, Avro on buffers, ESM. */
const SUBSET = ['test/schemas', 'test/conformance', 'test/runtime/engine'];

const folder = mkdtempSync(join(tmpdir(), 'skillforge-node24-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('Node 24', () => {
  it('passes the fast tests', { timeout: 180_000 }, (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    context.skip(process.versions.node.startsWith('24.'), 'all tests run on Node 24 already');
    const report = join(folder, 'report.json');
    const env = { ...process.env, [REPORT_FILE_VARIABLE]: report };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/checks/node24.ts', ...SUBSET], {
      cwd: projectRoot,
      env,
      encoding: 'utf8',
    });
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/^Node v24\./m);
    const { passed, failed } = JSON.parse(readFileSync(report, 'utf8')) as RunReport;
    expect(failed).toBe(0);
    expect(passed).toBeGreaterThan(0);
  });
});
