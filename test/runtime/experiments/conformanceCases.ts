/** The public cases of GrowthBook's specification, and what becomes of each: it runs, a payload with it is refused, or it is left out for a reason. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureRule, GrowthBookPayload, StickyAssignmentsDocument } from '@growthbook/growthbook';
import type { TestContext } from 'vitest';
import { payloadProblems } from '../../../runtime/experiments/index.js';

const CASES = join(import.meta.dirname, '../../../../shared/data/growthbook/cases.json');

export type Attributes = Readonly<Record<string, unknown>>;

/** Whom a case is about. */
export interface CaseUser {
  readonly attributes?: Attributes;
  readonly features?: GrowthBookPayload['features'];
  readonly savedGroups?: Record<string, unknown[]>;
  readonly forcedVariations?: Record<string, number>;
  readonly enabled?: boolean;
  readonly qaMode?: boolean;
  readonly url?: string;
}

type Condition = NonNullable<FeatureRule['condition']>;
type CaseExperiment = FeatureRule & { readonly key: string; readonly active?: boolean; readonly force?: number };
type Ranges = [number, number][];

/** The cases by family, as the file has them. */
export interface Cases {
  readonly evalCondition: [name: string, condition: Condition, attributes: Attributes, holds: boolean, groups?: Record<string, unknown[]>];
  readonly hash: [seed: string, value: string, version: number, bucket: number | null];
  readonly getBucketRange: [name: string, layout: [variations: number, coverage: number, weights: number[] | null], ranges: Ranges];
  readonly feature: [name: string, user: CaseUser, feature: string, expected: Record<string, unknown>];
  readonly run: [name: string, user: CaseUser, experiment: CaseExperiment, value: unknown, isIn: boolean, hashUsed: boolean];
  readonly chooseVariation: [name: string, bucket: number, ranges: Ranges, variation: number];
  readonly getQueryStringOverride: [name: string, key: string, url: string, variations: number, variation: number | null];
  readonly inNamespace: [name: string, id: string, namespace: [string, number, number], isIn: boolean];
  readonly getEqualWeights: [variations: number, weights: number[]];
  readonly decrypt: [name: string, encrypted: string, key: string, text: string | null];
  readonly stickyBucket: [name: string, user: CaseUser, documents: StickyAssignmentsDocument[], feature: string, expected: unknown, after: unknown];
  readonly urlRedirect: [name: string, user: { readonly experiments: unknown }, expected: unknown];
}

export type Family = keyof Cases;

/** `refused`: by the check of payloads, so that it is never evaluated. Anything else is the reason for which the case is left out. */
type Fate = 'run' | 'refused' | { readonly leftOut: string };

const leftOut = (why: string): Fate => ({ leftOut: why });
const NO_URL = leftOut('a decision is made for no page: the wrapper gives the SDK no URL');

/** Refused are the operators that the SDK for JavaScript does not have, although the specification does. */
function fateOfCondition([, condition]: Cases['evalCondition']): Fate {
  const payload = { features: { 'recommendations.ranker': { rules: [{ condition, force: 'model' }] } } };
  return payloadProblems(payload).length === 0 ? 'run' : 'refused';
}

function fateOfRun([, user, experiment]: Cases['run']): Fate {
  if (user.url !== undefined) return NO_URL;
  if (user.enabled !== undefined) return leftOut('evaluation cannot be switched off for a learner: a payload without rules does it for all');
  if (user.qaMode !== undefined) return leftOut('there is no QA mode: decisions are made for learners only');
  if ('force' in experiment) return leftOut('a rule cannot force a variation by its number: its "force" is a value of the feature');
  return experiment.active === false ? leftOut('a rule has no "active": payloads have the rules that are active') : 'run';
}

function fateOfEqualWeights([count]: Cases['getEqualWeights']): Fate {
  if (count < 0) return leftOut('no list has so few variations');
  return count < 2 ? 'refused' : 'run';
}

/** What becomes of each case, by family. A family that is not here is found by the test that counts. */
const FATES: { readonly [F in Family]: (one: Cases[F]) => Fate } = {
  evalCondition: fateOfCondition,
  hash: () => 'run',
  getBucketRange: () => 'run',
  feature: () => 'run',
  run: fateOfRun,
  chooseVariation: () => 'run',
  getQueryStringOverride: () => NO_URL,
  inNamespace: () => 'run',
  getEqualWeights: fateOfEqualWeights,
  decrypt: () => leftOut('nothing is decrypted: an encrypted payload is refused'),
  stickyBucket: () => 'run',
  urlRedirect: () => leftOut('a decision redirects no page: of a payload its features are kept, not its experiments on pages'),
};

type CaseFile = { readonly [F in Family]: readonly Cases[F][] };

let read: CaseFile | undefined;

/** Skips the test where the cases are not at hand. */
export function needsCases(context: TestContext): void {
  context.skip(!existsSync(CASES), 'the cases of the specification of GrowthBook are not here');
}

/** The whole file, which has its `specVersion` beside the families. */
export function allCases(): CaseFile {
  return (read ??= JSON.parse(readFileSync(CASES, 'utf8')) as CaseFile);
}

/** The cases of a family that run. */
export const casesToRun = <F extends Family>(family: F): Cases[F][] => casesThat(family, (fate) => fate === 'run');

/** The cases of a family that are refused with their payload. */
export const refusedCases = <F extends Family>(family: F): Cases[F][] => casesThat(family, (fate) => fate === 'refused');

function casesThat<F extends Family>(family: F, isMeant: (fate: Fate) => boolean): Cases[F][] {
  const cases: readonly Cases[F][] = allCases()[family];
  return cases.filter((one) => isMeant(FATES[family](one)));
}

/** How many of a family run, are refused and are left out. */
export type Tally = readonly [run: number, refused: number, leftOut: number];

/** The tally of every family that this file knows. */
export function tallies(): Record<string, Tally> {
  return Object.fromEntries(
    families().map((family) => {
      const [run, refused] = [casesToRun(family).length, refusedCases(family).length];
      return [family, [run, refused, casesThat(family, (fate) => typeof fate === 'object').length]];
    }),
  );
}

/** The reasons for which cases are left out, each with the families and the names of its cases. */
export function reasons(): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {};
  for (const family of families()) collect(family, found);
  return found;
}

function collect<F extends Family>(family: F, found: Record<string, string[]>): void {
  const cases: readonly Cases[F][] = allCases()[family];
  for (const one of cases) {
    const fate = FATES[family](one);
    if (typeof fate === 'object') (found[fate.leftOut] ??= []).push(`${family}: ${one[0]}`);
  }
}

const families = (): Family[] => Object.keys(FATES) as Family[];
