import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../scripts/checks/chromium.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

const folder = mkdtempSync(join(tmpdir(), 'skillforge-chromium-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, mode);
  return path;
}

const setup = (chromium: string) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'scripts/checks/testSetup.ts', 'chromium'], {
    cwd: projectRoot,
    env: { ...process.env, CHROMIUM_PATH: chromium },
    encoding: 'utf8',
  });

describe('the browser for the tests of the page', () => {
  it('is the first on the PATH', () => {
    expect(findChromium({ PATH: folder })).toBeNull();
    expect(findChromium({})).toBeNull();
    const path = program('chromium-browser');
    expect(findChromium({ PATH: ['/nowhere', folder].join(delimiter) })).toBe(path);
  });

  it('is what CHROMIUM_PATH says, and no other', () => {
    const path = program('mine');
    expect(findChromium({ CHROMIUM_PATH: path, PATH: folder })).toBe(path);
    expect(findChromium({ CHROMIUM_PATH: join(folder, 'missing'), PATH: folder })).toBeNull();
  });

  it('is not installed where it is there', () => {
    const path = program('mine');
    expect(setup(path)).toMatchObject({ status: 0, stdout: expect.stringContaining(`chromium: ${path}\n`) as string, stderr: '' });
  });

  it('is not installed against what CHROMIUM_PATH says', () => {
    const path = join(folder, 'missing');
    expect(setup(path)).toMatchObject({ status: 1, stdout: expect.stringContaining(`CHROMIUM_PATH names ${path}, which cannot be run\n`) as string });
  });
});
