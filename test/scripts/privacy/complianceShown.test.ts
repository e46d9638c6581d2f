/** When a line of the compliance matrix, or a risk, counts as shown: tests that were skipped show nothing, whatever the exit code says. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { RunReport, TestOutcome } from '../../../scripts/checks/counts.js';
import { shownByFiles } from '../../../scripts/checks/shown.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { shownByCommand, type Checkout } from '../../../scripts/privacy/commandRuns.js';
import { countedOf, shownObligations, type Outcome } from '../../../scripts/privacy/matrixRun.js';
import { MUTATIONS } from '../../../scripts/privacy/mutations.js';
import { mutationsOf, tryToday } from '../../../scripts/privacy/mutationsOfToday.js';
import { obligationsIn } from '../../../scripts/privacy/obligations.js';
import { shownRisks } from '../../../scripts/technicalFile/riskOutcomes.js';
import type { Risk } from '../../../scripts/technicalFile/risks.js';
import { newFolder } from '../../fixtures/folders.js';

const FILE = 'test/a.test.ts';
const NO_JAVA = 'Kafka needs Java 17 or newer, on the PATH or in JAVA_HOME';
const DAY_MS = 86_400_000;

const passed = (title: string, file = FILE): TestOutcome => ({ file, title, state: 'passed' });
const skipped = (title: string, reason: string, file = FILE): TestOutcome => ({ file, title, state: 'skipped', reason });
const broke = (title: string, file = FILE): TestOutcome => ({ file, title, state: 'failed' });

function reportOf(tests: readonly TestOutcome[], broken: readonly string[] = []): RunReport {
  return { tests, broken, skips: [], passed: 0, failed: 0, skipped: 0 };
}

const quiet = <T>(work: () => T): T => {
  vi.spyOn(console, 'log').mockReturnValue(undefined);
  return work();
};

describe('a test file of a run', () => {
  it.each<[string, readonly TestOutcome[], 'shown' | 'failed' | 'not here']>([
    ['passed', [passed('a'), passed('b')], 'shown'],
    ['has one that failed', [passed('a'), broke('b')], 'failed'],
    ['has one that was skipped', [passed('a'), skipped('b', 'takes minutes')], 'failed'],
    ['was skipped for want of what it needs', [skipped('a', NO_JAVA), skipped('b', NO_JAVA)], 'not here'],
    ['was skipped in part for want of what it needs', [passed('a'), skipped('b', NO_JAVA)], 'not here'],
    ['was skipped for another reason, too', [skipped('a', NO_JAVA), skipped('b', 'no reason given')], 'failed'],
    ['has no test', [passed('a', 'test/other.test.ts')], 'failed'],
  ])('that %s: %#', (_, tests, verdict) => {
    expect(shownByFiles([FILE], ['Kafka'], reportOf(tests)).verdict).toBe(verdict);
  });

  it('that was skipped for want of what nobody said it needs has failed', () => {
    expect(shownByFiles([FILE], [], reportOf([skipped('a', NO_JAVA)]))).toMatchObject({
      verdict: 'failed',
      why: expect.stringContaining(NO_JAVA) as string,
    });
    expect(shownByFiles([FILE], ['Redis'], reportOf([skipped('a', NO_JAVA)])).verdict).toBe('failed');
  });

  it('that could not be set up has failed, and so has a line with one such file', () => {
    expect(shownByFiles([FILE], [], reportOf([passed('a')], [FILE])).verdict).toBe('failed');
    expect(shownByFiles([FILE, 'test/b.test.ts'], [], reportOf([passed('a')]))).toMatchObject({ verdict: 'failed', why: /test\/b\.test\.ts/ });
  });
});

/** A checkout with tests and checks of its own. */
function checkout(files: Readonly<Record<string, string>>): Checkout {
  const root = newFolder();
  mkdirSync(join(root, 'test'));
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  const reporter = JSON.stringify(join(projectRoot, 'scripts', 'checks', 'countsReporter.ts'));
  writeFileSync(join(root, 'vitest.config.mjs'), `export default { test: { include: ['test/**/*.test.ts'], reporters: [${reporter}] } };\n`);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return { root, data: join(root, 'data'), told: 'nothing' };
}

const IMPORT = "import { expect, it } from 'vitest';\n";

describe('a command', { timeout: 300_000 }, () => {
  it('that runs tests shows nothing where all of them are skipped, though it ends well', () => {
    const made = checkout({ 'test/skipped.test.ts': `${IMPORT}it('a', (context) => context.skip('not today'));\n` });
    expect(shownByCommand('npx vitest run test/skipped.test.ts', [], made)).toMatchObject({ verdict: 'failed', why: /skipped: "a": not today/ });
  });

  it('that runs tests shows something where all of them pass, and nothing where one fails', () => {
    const made = checkout({
      'test/good.test.ts': `${IMPORT}it('a', () => expect(1).toBe(1));\n`,
      'test/bad.test.ts': `${IMPORT}it('b', () => expect(1).toBe(2));\n`,
    });
    expect(shownByCommand('npx vitest run test/good.test.ts', [], made)).toEqual({ verdict: 'shown', why: 'test/good.test.ts: 1 tests passed' });
    expect(shownByCommand('npx vitest run test/good.test.ts test/bad.test.ts', [], made)).toMatchObject({ verdict: 'failed', why: /"b"/ });
  });

  it('that is a check counts by its exit code, and not where it could not ask', () => {
    const silent = "echo 'SKIPPED: the registry does not answer npm audit (x)'";
    const made = checkout({ 'package.json': JSON.stringify({ scripts: { 'check:a': 'true', 'check:b': 'exit 3', 'check:c': silent } }) });
    const shown = (name: string, needs: readonly "npm's registry"[]): string => shownByCommand(`npm run check:${name}`, needs, made).verdict;
    expect([shown('a', []), shown('b', []), shown('c', []), shown('c', ["npm's registry"])]).toEqual(['shown', 'failed', 'failed', 'not here']);
  });
});

describe('a line of the matrix', () => {
  const page = ['| one | x | `npx vitest run test/a.test.ts` (needs Kafka), `npx vitest run test/b.test.ts` |', '| two | x | not yet |'].join('\n');
  const lines = obligationsIn(page);
  const after = (report: RunReport): Outcome[] =>
    quiet(() => shownObligations(lines, { checkout: { root: '/nowhere', data: '/nowhere', told: 'nothing' }, report }));

  it('goes by what the run of all tests has shown, and runs none of them again', () => {
    expect(after(reportOf([passed('a'), passed('b', 'test/b.test.ts')])).map(({ name, shown }) => [name, shown.verdict])).toEqual([['one', 'shown']]);
    expect(after(reportOf([passed('a')]))[0]!.shown).toMatchObject({ verdict: 'failed', why: /test\/b\.test\.ts: no test was run/ });
  });

  it('that cannot be shown here counts as skipped, with the reason', () => {
    const counted = countedOf(after(reportOf([skipped('a', NO_JAVA), passed('b', 'test/b.test.ts')])), 'compliance');
    expect(counted).toMatchObject({ passed: 0, failed: 0, skipped: 1 });
    expect(counted.skips).toEqual([{ name: 'compliance > one', reason: expect.stringContaining(NO_JAVA) as string }]);
  });
});

describe('the mutations of a day', () => {
  it('are a few, and all of them in turn', () => {
    const days = Math.ceil(MUTATIONS.length / 4);
    const tried = Array.from({ length: days }, (_, day) => mutationsOf(day * DAY_MS));
    expect(tried.map(({ length }) => length)).toEqual(Array.from({ length: days }, () => 4));
    expect(new Set(tried.flat()).size).toBe(MUTATIONS.length);
  });

  it('have another one last in each round', () => {
    const eight = MUTATIONS.slice(0, 8);
    const last = Array.from({ length: 8 }, (_, day) => mutationsOf(day * DAY_MS, eight)[3]);
    expect(new Set(last).size).toBe(8);
  });

  it('are not tried where nothing was shown with the feature, nor where no time is left', () => {
    const mutation = MUTATIONS[0]!;
    const obligation = { obligation: mutation.obligation, commands: [mutation.command], needs: new Map() };
    const tried = (verdict: 'shown' | 'failed', end: number): Outcome[] => {
      vi.stubEnv('SKILLFORGE_END_TIME', String(end));
      const outcome = { name: mutation.obligation, shown: { verdict, why: 'no Java' } };
      return quiet(() => tryToday([mutation], () => ({ obligation, outcome, data: '/nowhere' }), newFolder()));
    };
    expect(tried('failed', Date.now() / 1000 + 1_000)[0]!.shown).toMatchObject({
      verdict: 'not here',
      why: /with the feature it is not shown either: no Java/,
    });
    expect(tried('shown', Date.now() / 1000 + 60)[0]!.shown).toMatchObject({ verdict: 'not here', why: /no time was left/ });
  });
});

describe('a risk', () => {
  const risk = (title: string, needs?: readonly 'Kafka'[]): Risk =>
    ({ id: 'R1', shownBy: [{ file: FILE, title, ...(needs && { needs }) }] }) as unknown as Risk;
  const shown = (one: Risk, ...tests: readonly TestOutcome[]): string => quiet(() => shownRisks([one], reportOf(tests)))[0]!.shown.verdict;

  it('is shown by a test that passed, and not by one that failed, was skipped or was not run', () => {
    expect(shown(risk('is told'), passed('is told'), broke('is another'))).toBe('shown');
    expect(shown(risk('is told'), broke('is told'))).toBe('failed');
    expect(shown(risk('is told'), skipped('is told', 'takes minutes'))).toBe('failed');
    expect(shown(risk('is told'), passed('is told twice'))).toBe('failed');
    expect(shown(risk('is told'), passed('is told', 'test/other.test.ts'))).toBe('failed');
  });

  it('is not shown here where its test lacks what it says it needs', () => {
    expect(shown(risk('is told', ['Kafka']), skipped('is told', NO_JAVA))).toBe('not here');
    expect(shown(risk('is told'), skipped('is told', NO_JAVA))).toBe('failed');
  });

  it('is shown by every case of a table', () => {
    const cases = risk('are told by %s to $name');
    expect(shown(cases, passed('are told by a to b'), passed('are told by c to d'))).toBe('shown');
    expect(shown(cases, passed('are told by a to b'), broke('are told by c to d'))).toBe('failed');
  });
});
