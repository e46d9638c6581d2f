/** The page that tells what came of the mutations of the compliance matrix: each row as it was tried last, with the day. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { MUTATIONS, type Mutation } from './mutations.js';

/** What came of one mutation. */
export interface Tried {
  /** Whether the command failed without the feature; `null` where the text to be taken away is not there once. */
  readonly turnedRed: boolean | null;
  /** Whether the command succeeds with the feature: one that fails in any case shows nothing. */
  readonly isGreen: boolean;
  /** `2026-11-30`. */
  readonly day: string;
}

/** What a row says of a mutation. */
export interface Verdict {
  readonly verdict: string;
  readonly day: string;
}

/** A command that fails without its feature, and only then. */
const RED = 'red';
const NOT_RUN: Verdict = { verdict: 'not run', day: '' };

/** In words. */
export function verdictOf({ turnedRed, isGreen }: Pick<Tried, 'turnedRed' | 'isGreen'>): string {
  if (turnedRed === null) return 'NOT TRIED, the text is not there once';
  if (!isGreen) return 'FAILS WITH THE FEATURE, TOO';
  return turnedRed ? RED : 'STILL GREEN';
}

/** Whether a mutation did what it should. */
export const isAsItShould = (tried: Pick<Tried, 'turnedRed' | 'isGreen'>): boolean => verdictOf(tried) === RED;

const INTRODUCTION = `# Mutations of the compliance matrix

<!-- Written by "npm run compliance -- --mutations": run it again. -->

Each command of the [compliance matrix](compliance.md) shows a feature. Here is what came of taking the feature away, in a copy of the tree, and running the command: it has to fail, and to succeed with it. The changes are in
\`scripts/privacy/mutations.ts\`. Each row says when it was tried last; \`npm run compliance -- --mutations --only "art. 17"\` tries those whose obligation has this text in it again.`;

const HEADING = '| obligation | without the feature | where | command | it is | tried |\n|---|---|---|---|---|---|';

/** What a row begins with: another mutation of the same obligation was not tried. */
const begins = ({ obligation, without, file, command }: Mutation): string => `| ${obligation} | ${without} | \`${file}\` | \`${command}\` |`;

/** What a page says of the mutations that there are, by their obligations; those that it does not have are left out. */
export function verdictsIn(page: string): Map<string, Verdict> {
  const lines = page.split('\n');
  const verdicts = new Map<string, Verdict>();
  for (const mutation of MUTATIONS) {
    const row = lines.find((line) => line.startsWith(begins(mutation)));
    const [verdict = '', day = ''] = (row ?? '')
      .slice(begins(mutation).length)
      .split('|')
      .map((cell) => cell.trim());
    if (day !== '') verdicts.set(mutation.obligation, { verdict, day });
  }
  return verdicts;
}

/** The page, with a row for each mutation. */
export function mutationPage(verdicts: ReadonlyMap<string, Verdict>): string {
  const known = MUTATIONS.map((mutation) => ({ mutation, told: verdicts.get(mutation.obligation) ?? NOT_RUN }));
  const rows = known.map(({ mutation, told: { verdict, day } }) => `${begins(mutation)} ${verdict} | ${day} |`.replace('|  |', '| |'));
  const red = known.filter(({ told }) => told.verdict === RED).length;
  return `${INTRODUCTION}\n\n${HEADING}\n${rows.join('\n')}\n\n${red} of ${known.length} turn their command red.\n`;
}

/** Puts what was tried just now into the page; the other rows stay as they are. */
export function keepOnPage(obligation: string, tried: Tried): void {
  const path = mutationPagePath();
  const verdicts = existsSync(path) ? verdictsIn(readFileSync(path, 'utf8')) : new Map<string, Verdict>();
  writeFileSync(path, mutationPage(verdicts.set(obligation, { verdict: verdictOf(tried), day: tried.day })));
}

/** Where the page lies. */
export const mutationPagePath = (): string => join(packageRoot(), 'docs', 'reference', 'compliance-mutations.md');
