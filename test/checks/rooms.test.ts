import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

const BROKEN: Readonly<Record<string, string>> = {
  'schemas/keys.ts': "import '../operators/clock.js';\nexport const key = 'a';\n",
  'operators/clock.ts': [
    "import { readFileSync } from 'node:fs';",
    "import { key } from '../runtime/engine.js';",
    'export const all = [Date.now(), new Date(), performance.now(), Math.random(), crypto.randomUUID(), process.pid, readFileSync, key];',
    'setTimeout(() => undefined, 1);',
    'queueMicrotask(() => undefined);',
    '',
  ].join('\n'),
  'topologies/one.ts': "import '../runtime/engine.js';\nimport 'avsc';\nexport default 1;\n",
  'runtime/engine.ts': "import '../topologies/one.js';\nexport const key = 'a';\nexport default key;\n",
};

const folder = mkdtempSync(join(tmpdir(), 'skillforge-rooms-'));

/** Runs a tool of the project on the broken rooms. @returns what it printed */
function runTool(bin: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(projectRoot, 'node_modules', bin), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBeGreaterThan(0);
  return stdout + stderr;
}

beforeAll(() => {
  for (const name of ['eslint.config.js', '.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
    cpSync(join(projectRoot, name), join(folder, name));
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'), 'dir');
  for (const [path, text] of Object.entries(BROKEN)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the import rules', () => {
  it('refuse imports against the direction, of Node in pure rooms, of other packages, and cycles', () => {
    const output = runTool('dependency-cruiser/bin/dependency-cruise.mjs', ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', '.']);
    for (const rule of [
      'schemas-imports',
      'operators-imports',
      'topologies-imports',
      'runtime-imports',
      'pure-rooms',
      'topologies-packages',
      'no-cycles',
    ]) {
      expect(output).toContain(`error ${rule}:`);
    }
  });
});

describe('the lint rules', () => {
  it('refuse clock, randomness, timers, the process and Node in operators, and default exports in the runtime', { timeout: 60_000 }, () => {
    const output = runTool('eslint/bin/eslint.js', ['operators', 'runtime', 'topologies', '--format', 'json']);
    const results = JSON.parse(output) as { filePath: string; messages: { ruleId: string; line: number }[] }[];
    const found = results.flatMap(({ filePath, messages }) =>
      messages.map(({ ruleId, line }) => `${filePath.slice(folder.length + 1)}:${line} ${ruleId}`),
    );
    const count = (rule: string): number => found.filter((one) => one === rule).length;
    expect(count('operators/clock.ts:1 no-restricted-imports')).toBe(1);
    expect(count('operators/clock.ts:3 no-restricted-properties')).toBe(2);
    expect(count('operators/clock.ts:3 no-restricted-syntax')).toBe(1);
    expect(count('operators/clock.ts:3 no-restricted-globals')).toBe(3);
    expect(count('operators/clock.ts:4 no-restricted-globals')).toBe(1);
    expect(count('operators/clock.ts:5 no-restricted-globals')).toBe(1);
    expect(count('runtime/engine.ts:3 no-restricted-exports')).toBe(1);
    expect(found.filter((one) => one.startsWith('topologies/'))).toEqual([]);
  });
});
