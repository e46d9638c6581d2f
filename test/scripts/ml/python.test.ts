import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import {
  ENVIRONMENTS,
  cacheName,
  environmentFile,
  isInstalled,
  lockFile,
  programOf,
  pythonOf,
  runPython,
  runTrainer,
} from '../../../scripts/ml/python.js';
import { CACHE_VARIABLE } from '../../../scripts/services/cache.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';

const folder = mkdtempSync(join(tmpdir(), 'skillforge-python-'));
const bundle = 'test/runtime/models/fixtures/retrieval/bundle';
const SLOW_MS = 120_000;

afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** Exact versions by package, of a file of requirements or of a table. */
const versionsIn = (text: string, row: RegExp): Record<string, string> =>
  Object.fromEntries([...text.matchAll(row)].map((match) => [match[1]!, match[2]!]));
const pinsOf = (path: string): Record<string, string> => versionsIn(readFileSync(path, 'utf8'), /^([\w-]+)(?:\[[\w,-]+\])?==([\w.]+)/gm);
const toldIn = (decision: string): Record<string, string> =>
  versionsIn(readFileSync(join(projectRoot, 'docs/adr', decision), 'utf8'), /^\| `([\w-]+)` \| ([\w.]+) \|/gm);

describe('the lock files of Python', () => {
  const locked = [...ENVIRONMENTS, 'installer'];

  it.each(locked)('hold the packages that are asked for, each by its digests: %s', (name) => {
    const lock = environmentFile(`${name}.lock`);
    expect(pinsOf(lock)).toMatchObject(pinsOf(environmentFile(`${name}.in`)));
    const packages = readFileSync(lock, 'utf8')
      .split(/^(?=[\w-]+==)/m)
      .filter((text) => text.trim() !== '');
    expect(packages.length).toBeGreaterThan(0);
    expect(packages.filter((text) => !/--hash=sha256:[0-9a-f]{64}/.test(text))).toEqual([]);
  });

  it.each(locked)('say nothing of where packages come from: %s', (name) => {
    expect(readFileSync(environmentFile(`${name}.lock`), 'utf8')).not.toMatch(/https?:|\/\/|index-url|find-links/);
  });

  it('operate models with what trained them', () => {
    expect(pinsOf(lockFile('operations'))).toMatchObject(pinsOf(environmentFile('trainer.in')));
  });

  it('have the packages that decisions 0014 and 0020 tell of', () => {
    expect(toldIn('0014-training-in-python.md')).toEqual(pinsOf(environmentFile('trainer.in')));
    const others = ENVIRONMENTS.filter((name) => name !== 'trainer').map((name) => pinsOf(environmentFile(`${name}.in`)));
    const expected = Object.assign({}, ...others, pinsOf(environmentFile('installer.in'))) as Record<string, string>;
    expect(toldIn('0020-model-operations-in-python.md')).toEqual(expected);
  });
});

describe('a Python environment', () => {
  it('is named by the packages that it has', () => {
    const names = ENVIRONMENTS.map(cacheName);
    for (const [at, name] of names.entries()) expect(name).toMatch(new RegExp(`^ml-${ENVIRONMENTS[at]!}-[0-9a-f]{12}$`));
    expect(new Set(names).size).toBe(ENVIRONMENTS.length);
  });

  it('says how to get it where it is missing', async () => {
    vi.stubEnv(CACHE_VARIABLE, folder);
    expect(isInstalled('operations')).toBe(false);
    expect(() => pythonOf('trainer')).toThrow('npm run ml:setup -- trainer');
    expect(() => programOf('batch', 'dbt')).toThrow('npm run ml:setup -- batch');
    await expect(runTrainer(['verify', bundle])).rejects.toMatchObject({ code: 'SFS_PYTHON_MISSING' });
  });

  it('runs Python, and gives what it printed', { timeout: SLOW_MS }, async (context) => {
    skipWithoutPython(context, 'trainer');
    const program = 'import os, sys; print(os.environ["COLOUR"]); print("on the way", file=sys.stderr)';
    const lines: string[] = [];
    expect(await runPython('trainer', ['-c', program], { env: { COLOUR: 'blue' }, onLine: (line) => lines.push(line) })).toBe('blue\n');
    expect(lines).toEqual(['on the way']);
    await expect(runPython('trainer', ['-c', 'raise SystemExit("no milk")'])).rejects.toMatchObject({
      code: 'SFS_PYTHON_FAILED',
      message: expect.stringContaining('ended with 1: no milk') as unknown,
    });
  });
});

describe('the trainer', () => {
  it('runs a command, and gives its document', { timeout: SLOW_MS }, async (context) => {
    skipWithoutPython(context, 'trainer');
    expect(await runTrainer(['verify', bundle])).toMatchObject({ name: 'retrieval', files: 11 });
  });

  it('gives the reason of a failure, and all lines on the way', { timeout: SLOW_MS }, async (context) => {
    skipWithoutPython(context, 'trainer');
    const lines: string[] = [];
    const failing = runTrainer(['verify', folder], (line) => lines.push(line));
    await expect(failing).rejects.toMatchObject({
      code: 'SFS_TRAINER_FAILED',
      message: expect.stringMatching(/^training ended with 1: .* is no model bundle/) as unknown,
    });
    expect(lines).toHaveLength(1);
  });
});
