/** A few mutations of the compliance matrix a day, in turn: all of them take longer than a run of all tests has time for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MUTATIONS, type Mutation } from './mutations.js';
import { copyOfTree, turnsRed } from './mutationRun.js';
import { isAsItShould, verdictOf } from './mutationPage.js';
import type { Outcome } from './matrixRun.js';
import type { Obligation } from './obligations.js';

const DAY_MS = 86_400_000;
const A_DAY = 4;
/** None begins later than this after the first. */
const BEGIN_MS = 80_000;
/** What one of them may take, with servers. */
const ONE_MS = 120_000;
/** When the time of `.ci/run` is over, in seconds since 1970. */
const END_VARIABLE = 'SKILLFORGE_END_TIME';

/** Those of a day: the next {@link A_DAY} each day. Who is last, for whom there may be no time, is another one in each round. */
export function mutationsOf(dayMs: number, all: readonly Mutation[] = MUTATIONS): Mutation[] {
  const first = Math.floor(dayMs / DAY_MS) * A_DAY;
  const round = Math.floor(first / all.length);
  const places = Array.from({ length: Math.min(A_DAY, all.length) }, (_, at) => first + ((at + round) % A_DAY));
  return [...new Set(places.map((place) => all[place % all.length]!))];
}

/** What there is of an obligation: whether its commands were shown with the feature, and the data as they were before them. */
export interface Before {
  readonly obligation: Obligation;
  readonly outcome: Outcome;
  readonly data: string;
}

/**
 * Takes the features away, one after the other, in a copy of the tree. Only where the commands were shown with them, and as long as there is time; the others are told as not tried.
 * @param work - an empty folder
 */
export function tryToday(mutations: readonly Mutation[], before: (mutation: Mutation) => Before, work: string): Outcome[] {
  const root = join(work, 'tree');
  const startMs = Date.now();
  return mutations.map((mutation) => {
    const { obligation, outcome, data } = before(mutation);
    const name = `${obligation.obligation}, without the feature`;
    console.log(`\n== ${obligation.obligation}: ${mutation.without}\n$ ${mutation.command}`);
    const why = whyNot(outcome.of?.get(mutation.command) ?? outcome.shown, startMs);
    if (why === null && !existsSync(root)) copyOfTree(root);
    const shown = why === null ? tried(mutation, obligation, { root, data }) : ({ verdict: 'not here', why } as const);
    console.log(`  ${shown.why}`);
    return { name, shown };
  });
}

function tried(mutation: Mutation, { commands }: Obligation, { root, data }: { readonly root: string; readonly data: string }): Outcome['shown'] {
  const startMs = performance.now();
  const came = { turnedRed: turnsRed(mutation, commands, { root, data, told: 'nothing' }), isGreen: true };
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  return { verdict: isAsItShould(came) ? 'shown' : 'failed', why: `${verdictOf(came)}, ${seconds} s` };
}

/** Why a mutation is not tried; `null` where it is. */
function whyNot(shown: Outcome['shown'], startMs: number, nowMs = Date.now()): string | null {
  if (shown.verdict !== 'shown') return `not tried: with the feature it is not shown either: ${shown.why}`;
  const end = process.env[END_VARIABLE];
  const isLate = nowMs - startMs > BEGIN_MS || (end !== undefined && nowMs + ONE_MS > Number(end) * 1000);
  return isLate ? 'not tried: no time was left; npm run compliance -- --mutations tries all' : null;
}
