/** Writes `docs/reference/risk-register.md` from the register: `tsx scripts/technicalFile/riskPage.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { writtenByProgram } from '../writtenFile.js';
import { RISKS, type Risk } from './risks.js';

const INTRODUCTION = `# Risk register

<!-- Written by scripts/technicalFile/riskPage.ts from scripts/technicalFile/risks.ts: change that, then run it. -->

Risks of the recommender to learners (AI Act article 9): what may go wrong, how bad and how likely it is without the measures, what is done, what shows that it works, and what is left. It is the risk management of the software. Whoever puts it into
service has to judge it anew for their learners, and to add their own. Each test named here is run by \`npm test\`, which fails where one of them did not pass: one that was skipped shows nothing, but for want of what it says it needs.`;

/** The text of the page. */
export function riskPage(): string {
  const contents = ['| id | risk | severity | likelihood |', '|---|---|---|---|', ...RISKS.map(rowOf)].join('\n');
  return `${[INTRODUCTION, contents, ...RISKS.map(textOf)].join('\n\n')}\n`;
}

const rowOf = ({ id, risk, severity, likelihood }: Risk): string => `| [${id}](#${id.toLowerCase()}) | ${risk} | ${severity} | ${likelihood} |`;

function textOf({ id, risk, measures, shownBy, residual, watchedBy }: Risk): string {
  const parts = [
    `## ${id}`,
    risk,
    ['What is done:', ...measures.map((measure) => `- ${measure}`)].join('\n'),
    [
      'Shown by:',
      ...shownBy.map(({ file, title, needs }) => `- \`${file}\`: ${title}${needs === undefined ? '' : ` (needs ${needs.join(' and ')})`}`),
    ].join('\n'),
    ...(watchedBy.length === 0 ? [] : [`Watched by: ${watchedBy.map((name) => `\`${name}\``).join(', ')}.`]),
    `What is left: ${residual}`,
  ];
  return parts.join('\n\n');
}

/** Where the page lies. */
export const riskPagePath = (): string => join(packageRoot(), 'docs', 'reference', 'risk-register.md');

await writtenByProgram(import.meta.url, riskPagePath(), riskPage, 'tsx scripts/technicalFile/riskPage.ts');
