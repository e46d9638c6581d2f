import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CACHE_VARIABLE, cacheFolder, cached } from '../../../scripts/services/cache.js';
import { findJava } from '../../../scripts/services/java.js';

const work = mkdtempSync(join(tmpdir(), 'skillforge-programs-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A program that says which Java it is. */
function java(version: string): string {
  const home = mkdtempSync(join(work, 'java-'));
  const path = join(home, 'java');
  writeFileSync(path, `#!/bin/sh\necho 'openjdk version "${version}" 2025-04-15' >&2\n`);
  chmodSync(path, 0o755);
  return home;
}

describe('Java', () => {
  it('is taken from the PATH when it is new enough', () => {
    const [old, current] = [java('11.0.2'), java('21')];
    expect(findJava({ PATH: current })).toBe(join(current, 'java'));
    expect(findJava({ PATH: old })).toBeNull();
    expect(findJava({ PATH: join(work, 'nowhere') })).toBeNull();
  });
});

describe('the cache', () => {
  beforeEach(() => void vi.stubEnv(CACHE_VARIABLE, mkdtempSync(join(work, 'cache-'))));
  afterEach(() => void vi.unstubAllEnvs());

  it('is in the home folder, or where the environment says', () => {
    expect(cacheFolder({})).toMatch(/\.cache[/\\]skillforge$/);
    expect(cacheFolder({ [CACHE_VARIABLE]: '/elsewhere' })).toBe('/elsewhere');
  });

  it('is filled once', async () => {
    let fills = 0;
    const fill = (folder: string): Promise<void> => writeFile(join(folder, 'file'), String(++fills));
    const [first, second] = [await cached('thing-1', fill), await cached('thing-1', fill)];
    expect([fills, second]).toEqual([1, first]);
    expect(existsSync(join(first, 'file'))).toBe(true);
  });

  it('takes the first of two that fill it at once', async () => {
    const fill = (folder: string): Promise<void> => writeFile(join(folder, 'file'), '');
    const [first, second] = await Promise.all([cached('thing-2', fill), cached('thing-2', fill)]);
    expect(second).toBe(first);
    expect(readdirSync(cacheFolder())).toEqual(['thing-2']);
  });

  it('has nothing half-filled', async () => {
    await expect(cached('thing-3', () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
    expect(readdirSync(cacheFolder())).toEqual([]);
  });
});
