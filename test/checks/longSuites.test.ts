/** Whatever `npm test` leaves to the long run is run there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LONG_SUITES, type LongSuite } from '../../scripts/checks/longSuites.js';
import { filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';

const FORM = /(?:skipUnlessLong\(\w+, |isLong\()'([A-Z]+)'\)/g;

const files = filesOf(['test']).filter((path) => path.endsWith('.test.ts'));

/** Forms of a test file that no suite asks for. */
function leftOut(path: string, text: string, suites: readonly LongSuite[]): string[] {
  const asked = suites.filter(({ folder }) => path === folder || path.startsWith(`${folder}/`)).map(({ env }) => env);
  const forms = new Set([...text.matchAll(FORM)].map((found) => found[1]!));
  return [...forms].filter((form) => !asked.some((env) => env[`SKILLFORGE_${form}`] === 'long')).map((form) => `${path}: SKILLFORGE_${form}`);
}

it('every long form of a test has a suite that runs it', () => {
  const all = files.map((path) => [path, readFileSync(join(projectRoot, path), 'utf8')] as const);
  expect(all.filter(([, text]) => new RegExp(FORM).test(text)).length).toBeGreaterThan(20);
  expect(all.flatMap(([path, text]) => leftOut(path, text, LONG_SUITES))).toEqual([]);
});

it('one without a suite would be found', () => {
  // Not as one text: this file has no long form.
  const [skip, is] = ['skipUnlessLong', 'isLong'];
  const suites = [{ name: 'a', folder: 'test/a', env: { SKILLFORGE_FAULTS: 'long' } }];
  expect(leftOut('test/a/one.test.ts', `${skip}(context, 'FAULTS');`, suites)).toEqual([]);
  expect(leftOut('test/ab/one.test.ts', `${skip}(context, 'FAULTS');`, suites)).toEqual(['test/ab/one.test.ts: SKILLFORGE_FAULTS']);
  expect(leftOut('test/a/one.test.ts', `if (${is}('OPERATIONS')) return;`, suites)).toEqual(['test/a/one.test.ts: SKILLFORGE_OPERATIONS']);
});

it('every suite is there', () => {
  expect(LONG_SUITES.map(({ folder }) => folder).filter((folder) => !existsSync(join(projectRoot, folder)))).toEqual([]);
});
