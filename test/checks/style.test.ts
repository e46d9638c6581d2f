import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { beforeAll, describe, expect, it } from 'vitest';
import { PRODUCT_ROOMS, filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';

const TEST_FOLDERS = [
  ...PRODUCT_ROOMS,
  'checks',
  'conformance',
  'properties',
  'simulation',
  'integration',
  'model',
  'types',
  'docs',
  'fixtures',
  'monitoring',
  'deploy',
  'regions',
  'security',
];

const rows = readFileSync(join(projectRoot, 'STYLE.md'), 'utf8')
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .filter((cells) => cells.length === 4 && cells[2] !== 'check' && !/^-+$/.test(cells[2]!));
const checks = rows.flatMap((cells) => [...cells[2]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!));

describe('STYLE.md', () => {
  let switchedOn: Set<string>;

  beforeAll(async () => {
    const eslint = new ESLint({ cwd: projectRoot });
    const configs = await Promise.all(
      ['operators/index.ts', 'runtime/ports.ts', 'test/checks/style.test.ts'].map((path) => eslint.calculateConfigForFile(path)),
    );
    const levels = configs.flatMap((config) => Object.entries((config as { rules: Record<string, readonly unknown[]> }).rules));
    switchedOn = new Set(levels.filter(([, [level]]) => level === 2).map(([rule]) => rule));
  });

  it('names a check for every rule', () => {
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((cells) => !cells[2]!.includes('`'))).toEqual([]);
  });

  it.each(checks.filter((check) => check.startsWith('eslint ')))('names %s, which is switched on', (check) => {
    expect(switchedOn).toContain(check.slice('eslint '.length));
  });

  it.each(checks.filter((check) => check.startsWith('npm run ')))('names %s, which exists and which npm test runs', (check) => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const name = check.slice('npm run '.length);
    expect(scripts).toHaveProperty([name]);
    expect(readFileSync(join(projectRoot, 'scripts', 'checks', 'test.ts'), 'utf8')).toContain(`'${name}'`);
  });

  it.each(checks.filter((check) => !/^(eslint|npm run) /.test(check)))('names %s, which exists', (check) => {
    expect(existsSync(join(projectRoot, check))).toBe(true);
  });
});

describe('the tests', () => {
  it('lie in folders that mirror the rooms', () => {
    const elsewhere = filesOf(['test']).filter((path) => !TEST_FOLDERS.includes(path.split('/')[1]!));
    expect(elsewhere).toEqual([]);
  });
});
