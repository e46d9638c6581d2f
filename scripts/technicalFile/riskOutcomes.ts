/** What a run of all tests has shown of the risk register: that a test is there does not tell that it passed. */
import type { RunReport } from '../checks/counts.js';
import { shownBy, type Shown } from '../checks/shown.js';
import { worstOf, type Outcome } from '../privacy/matrixRun.js';
import type { Risk, ShownBy } from './risks.js';

/** Places of a title that a table of cases fills in: `%s`, `$name`. */
const FILLED = /%[a-zA-Z#%]|\\?\$[\w.]+/g;

/** Shows every risk by its tests, and prints what came of each. */
export function shownRisks(risks: readonly Risk[], report: RunReport): Outcome[] {
  console.log('\n== tests of the risk register, by the run of all tests');
  return risks.map(({ id, shownBy: tests }) => {
    const all = tests.map((test) => shownByTest(test, report));
    const shown = all.length === 0 ? ({ verdict: 'failed', why: 'no test shows it' } as const) : worstOf(all);
    console.log(`  ${id}: ${shown.verdict}: ${shown.verdict === 'shown' ? `${all.length} tests` : shown.why}`);
    return { name: id, shown };
  });
}

/** Every case of a table counts. */
function shownByTest({ file, title, needs = [] }: ShownBy, { tests, broken }: RunReport): Shown {
  const pattern = new RegExp(`^${title.split(FILLED).map(escaped).join('.*')}$`, 's');
  const own = tests.filter((test) => test.file === file && pattern.test(test.title));
  const shown = broken.includes(file) ? ({ verdict: 'failed', why: 'a part of its file could not be set up' } as const) : shownBy(own, needs);
  return { ...shown, why: `${file}: "${title}": ${shown.why}` };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
