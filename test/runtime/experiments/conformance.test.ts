/** The public cases of GrowthBook's specification, through the wrapper that assigns learners. */
import type { FeatureRule, GrowthBookPayload } from '@growthbook/growthbook';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { evaluatorOf, payloadProblems, readPayload } from '../../../runtime/experiments/index.js';
import { allCases, casesToRun, needsCases, reasons, refusedCases, tallies, type Attributes } from './conformanceCases.js';
import { BUCKETS, bucketUnder, variationAt } from './drawnBuckets.js';

/** Evaluates one rule as a feature that is `false` without it. */
function valueUnder(rule: FeatureRule, attributes: Attributes, rest: Omit<GrowthBookPayload, 'features'> = {}): unknown {
  const payload = { features: { asked: { defaultValue: false, rules: [rule] } }, ...rest };
  return evaluatorOf(payload)('asked', { attributes }).result.value;
}

const groupsOf = (savedGroups: Record<string, unknown[]> | undefined): Pick<GrowthBookPayload, 'savedGroups'> =>
  savedGroups === undefined ? {} : { savedGroups: savedGroups as NonNullable<GrowthBookPayload['savedGroups']> };

const forced = (forcedVariations: Record<string, number> | undefined) => (forcedVariations === undefined ? {} : { forcedVariations });

beforeEach(needsCases);

describe('the evaluation of payloads, by the cases of the specification', () => {
  it('targets by conditions', () => {
    const cases = casesToRun('evalCondition');
    const found = cases.map(([name, condition, attributes, , groups]) => [
      name,
      valueUnder({ condition, force: true }, attributes, groupsOf(groups)),
    ]);
    expect(found).toEqual(cases.map(([name, , , holds]) => [name, holds]));
  });

  it('hashes into buckets, in both versions', () => {
    const cases = casesToRun('hash');
    // A rule cannot have an empty seed: it takes the key of the feature, which may be empty.
    const found = cases.map(([seed, id, hashVersion]) => bucketUnder({ seed, hashVersion }, seed === '' ? '' : 'asked')(id) ?? null);
    expect(found).toEqual(cases.map(([, , , bucket]) => bucket));
  });

  it('keeps namespaces apart', () => {
    const cases = casesToRun('inNamespace');
    const found = cases.map(([name, id, namespace]) => [
      name,
      // Payloads still have it, although its type is deprecated.
      valueUnder(Object.assign({ key: 'asked', variations: [true, true] }, { namespace }), { id }),
    ]);
    expect(found).toEqual(cases.map(([name, , , isIn]) => [name, isIn]));
  });

  it('evaluates features', () => {
    for (const [name, { attributes = {}, features = {}, savedGroups, forcedVariations }, feature, expected] of casesToRun('feature')) {
      const evaluate = evaluatorOf({ features, ...groupsOf(savedGroups) });
      const { result } = evaluate(feature, { attributes, ...forced(forcedVariations) });
      // Our documents are remembered, so that a result says that none was found, which some of the cases leave open.
      expect(JSON.parse(JSON.stringify(result)), name).toMatchObject(expected);
    }
  });

  it('runs experiments', () => {
    for (const [name, user, experiment, value, isIn, hashUsed] of casesToRun('run')) {
      const { attributes = {}, features = {}, savedGroups, forcedVariations } = user;
      const evaluate = evaluatorOf({ features: { ...features, asked: { defaultValue: 'none', rules: [experiment] } }, ...groupsOf(savedGroups) });
      const { result } = evaluate('asked', { attributes, ...forced(forcedVariations) });
      expect([result.source === 'experiment', result.experimentResult?.hashUsed ?? false], name).toEqual([isIn, hashUsed]);
      expect(result.value, name).toEqual(isIn ? value : 'none');
    }
  });

  it('keeps who was assigned where they were', () => {
    for (const [name, { attributes = {}, features = {} }, documents, feature, expected, after] of casesToRun('stickyBucket')) {
      // What a store of documents would give for these attributes.
      const own = documents.filter((one) => attributes[one.attributeName] === one.attributeValue);
      const stickyDocuments = Object.fromEntries(own.map((one) => [`${one.attributeName}||${one.attributeValue}`, one]));
      const evaluation = evaluatorOf({ features })(feature, { attributes, stickyDocuments });
      expect(evaluation.result.experimentResult ?? null, name).toEqual(expected);
      if (after !== null) expect(evaluation.stickyDocuments, name).toEqual(after);
    }
  });
});

type Ranges = readonly (readonly [number, number])[];

/** Every hundredth bucket, and those around the ends of ranges. */
function bucketsAround(ranges: Ranges): number[] {
  const around = ranges.flat().flatMap((end) => [-1, 0, 1].map((step) => Math.round(end * BUCKETS) + step));
  const spread = Array.from({ length: 100 }, (_, n) => n * (BUCKETS / 100));
  return [...new Set([...spread, ...around])].filter((bucket) => bucket >= 0 && bucket < BUCKETS).sort((one, other) => one - other);
}

/** The buckets whose variation is not the one of these ranges, with both. */
function differences(found: (bucket: number) => number, ranges: Ranges): object[] {
  return bucketsAround(ranges).flatMap((bucket) => {
    const said = ranges.findIndex(([from, to]) => bucket / BUCKETS >= from && bucket / BUCKETS < to);
    const got = found(bucket);
    return said === got ? [] : [{ bucket, said, got }];
  });
}

/** The cases have decimals, the SDK floating-point numbers: 0.2 of 0.2 is a little more than 0.04, so that the bucket that begins there is in. */
const ROUNDED: ReadonlyMap<string, readonly object[]> = new Map([
  ['uneven weights, reduced coverage, 3 variations', [{ bucket: 400, said: -1, got: 0 }]],
]);

/** Ranges one behind the other, as wide as the weights. */
function rangesOf(weights: readonly number[]): Ranges {
  let end = 0;
  return weights.map((weight): readonly [number, number] => [end, (end += weight)]);
}

/** A payload of ours with a rule of this layout, and what is wrong with it. */
function problemsOf(count: number, layout: Partial<FeatureRule> = {}): string[] {
  const rule = { key: 'asked', hashVersion: 2, variations: Array.from({ length: count }, () => 'model'), ...layout };
  return payloadProblems({ features: { 'recommendations.ranker': { rules: [rule] } } }).map(({ place, message }) => `${place} ${message}`);
}

describe('the layout of an experiment, by the cases of the specification, to the last bucket', () => {
  it('follows from coverage and weights, and can be wrong only where a payload is refused', () => {
    // The SDK says for each learner what is wrong with weights.
    vi.stubGlobal('console', { ...console, error: () => {} });
    const refused: string[] = [];
    for (const [name, [count, coverage, weights], ranges] of casesToRun('getBucketRange')) {
      const layout = { coverage, ...(weights === null ? {} : { weights }) };
      expect(differences(variationAt(count, layout), ranges), name).toEqual(ROUNDED.get(name) ?? []);
      if (problemsOf(count, layout).length > 0) refused.push(name);
    }
    vi.unstubAllGlobals();
    expect(refused).toEqual([
      'negative coverage',
      'coverage above 1',
      'weights sum below 1',
      'weights sum above 1',
      'weights.length not equal to num variations',
    ]);
  });

  it('is even without weights', () => {
    for (const [count, weights] of casesToRun('getEqualWeights'))
      expect(differences(variationAt(count, {}), rangesOf(weights)), `${count} variations`).toEqual([]);
  });

  it('says which variation a bucket gets', () => {
    const cases = casesToRun('chooseVariation');
    const found = cases.map(([name, bucket, ranges]) => [name, variationAt(ranges.length, { ranges })(Math.round(bucket * BUCKETS))]);
    expect(found).toEqual(cases.map(([name, , , variation]) => [name, variation]));
  });
});

describe('what is not run of the specification', () => {
  it('is refused with its payload: operators that the SDK does not have, and experiments with less than two variations', () => {
    const operators = ['$notRegex - pass', '$notRegex - fail', '$notRegexi - pass', '$notRegexi - fail', 'unknown operator - pass'];
    expect(refusedCases('evalCondition').map(([name]) => name)).toEqual(operators);
    const counts = refusedCases('getEqualWeights').map(([count]) => count);
    expect(counts).toEqual([0, 1]);
    for (const count of counts) expect(problemsOf(count)).toEqual([expect.stringContaining('must be a list of two values at least')]);
  });

  it('has no way in: not by a URL, not by ciphertext, not by experiments on pages', () => {
    const evaluate = evaluatorOf({ features: { asked: { defaultValue: 'none', rules: [{ key: 'my-test', variations: [0, 1] }] } } });
    for (const [name, key, url] of allCases().getQueryStringOverride)
      expect(evaluate('asked', { attributes: { id: '1', url } }).result.experimentResult, `${key}: ${name}`).toMatchObject({
        variationId: 1,
        hashUsed: true,
      });
    for (const [name, encryptedFeatures] of allCases().decrypt)
      expect(payloadProblems({ features: {}, encryptedFeatures }), name).toMatchObject([{ place: 'encryptedFeatures' }]);
    for (const [name, { experiments }] of allCases().urlRedirect)
      expect(readPayload(JSON.stringify({ features: {}, experiments }), name).text).toBe('{"features":{}}');
  });

  it('is listed with its reason, and counted: nothing is left out in silence', () => {
    expect(tallies()).toEqual(TALLIES);
    // All that the file has, so that a new family is found as well.
    const sizes = Object.entries(allCases()).map(([family, all]) => [family, Array.isArray(all) ? all.length : all]);
    const counted = Object.entries(TALLIES).map(([family, counts]) => [family, sumOf(counts)]);
    expect(Object.fromEntries(sizes)).toEqual({ specVersion: '0.7.1', ...(Object.fromEntries(counted) as object) });
    expect([0, 1, 2].map((at) => sumOf(Object.values(TALLIES).map((counts) => counts[at]!)))).toEqual([408, 7, 41]);
    const left = Object.entries(reasons()).map(([why, cases]) => [why, cases.filter((one) => !WHOLE.some((family) => one.startsWith(family)))]);
    expect(Object.fromEntries(left)).toEqual(LEFT_OUT);
  });
});

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** By family: run, refused with their payload, left out. */
const TALLIES: Readonly<Record<string, readonly number[]>> = {
  evalCondition: [230, 5, 0],
  hash: [15, 0, 0],
  getBucketRange: [13, 0, 0],
  feature: [46, 0, 0],
  run: [63, 0, 10],
  chooseVariation: [13, 0, 0],
  getQueryStringOverride: [0, 0, 16],
  inNamespace: [16, 0, 0],
  getEqualWeights: [3, 2, 1],
  decrypt: [0, 0, 10],
  stickyBucket: [9, 0, 0],
  urlRedirect: [0, 0, 4],
};

/** Families of which no case runs; of the others each case that is left out is named. */
const WHOLE = ['getQueryStringOverride', 'decrypt', 'urlRedirect'];
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'a decision is made for no page: the wrapper gives the SDK no URL': ['run: querystring force', 'run: querystring force with inactive'],
  'evaluation cannot be switched off for a learner: a payload without rules does it for all': ['run: globally disabled'],
  'there is no QA mode: decisions are made for learners only': [
    'run: Skips experiments in QA mode',
    'run: Works in QA mode if forced in context',
    'run: Works in QA mode if forced in experiment',
  ],
  'a rule cannot force a variation by its number: its "force" is a value of the feature': [
    'run: negative forced variation',
    'run: high forced variation',
    'run: coverage take precendence over forced',
  ],
  'a rule has no "active": payloads have the rules that are active': ['run: skip inactive experiments'],
  'no list has so few variations': ['getEqualWeights: -1'],
  'nothing is decrypted: an encrypted payload is refused': [],
  'a decision redirects no page: of a payload its features are kept, not its experiments on pages': [],
};
