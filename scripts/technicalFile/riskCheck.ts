/** Whether what a register names is there: each test, and each metric and alert. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { alerts, metricNames } from './facts.js';
import type { Risk, ShownBy } from './risks.js';

/** What is wrong with a register; none where every risk has a test that is there and is run, and names nothing that is not. */
export function registerProblems(risks: readonly Risk[]): string[] {
  const known = new Set([...metricNames(), ...alerts().map(({ name }) => name)]);
  return risks.flatMap(({ id, shownBy, watchedBy, measures }) => [
    ...(measures.length === 0 ? [`${id}: nothing is done`] : []),
    ...(shownBy.length === 0 ? [`${id}: no test shows it`] : []),
    ...shownBy.flatMap((test) => testProblem(test) ?? []).map((problem) => `${id}: ${problem}`),
    ...watchedBy.filter((name) => !known.has(name)).map((name) => `${id}: there is no metric and no alert ${name}`),
  ]);
}

/** `null` where the test is there, and \`npm test\` runs it. */
function testProblem({ file, title }: ShownBy): string | null {
  const path = join(packageRoot(), file);
  if (!/^test\/.+\.test\.ts$/.test(file) || !existsSync(path)) return `${file} is no test file`;
  const text = readFileSync(path, 'utf8');
  const at = text.search(new RegExp(`\\bit(\\.each\\([\\s\\S]*?\\))?\\(\\s*'${escaped(title)}'`));
  if (at < 0) return `${file} has no test "${title}"`;
  // Those of the long run are none of every run.
  const rest = text.slice(at);
  const body = rest.slice(0, rest.slice(1).search(/\n\s*(it|describe)[.(]/) + 1 || rest.length);
  return /skipUnlessLong\(/.test(body) ? `${file}: "${title}" is a test of the long run` : null;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll("'", "(\\\\'|')");
