import type { FeatureRule } from '@growthbook/growthbook';
import { describe, expect, it } from 'vitest';
import { MOST_PAYLOAD_LENGTH, payloadProblems, readPayload } from '../../../runtime/experiments/index.js';
import { fullPayload, rankerPayload } from './payloads.js';

const wrongIn = (payload: unknown): string[] => payloadProblems(payload).map(({ place, message }) => `${place} ${message}`);
const wrongInRule = (parts: Readonly<Record<string, unknown>>): string[] =>
  wrongIn(rankerPayload(parts as Partial<FeatureRule>)).map((text) => text.replace('features.recommendations.ranker.rules[0].', ''));
const withValue = (feature: string, value: unknown): unknown => ({ features: { [feature]: { defaultValue: value } } });

describe('a payload', () => {
  it('can be used as GrowthBook writes it, whatever other products have in it', () => {
    expect(wrongIn(fullPayload())).toEqual([]);
    expect(wrongIn({ features: {} })).toEqual([]);
  });

  it('is refused for what cannot be assigned, each place by its name', () => {
    expect(wrongInRule({ key: undefined })).toEqual(['key must name the experiment: letters, digits, ".", "-" and "_", at most 64']);
    expect(wrongInRule({ key: 'a:b' })).toHaveLength(1);
    expect(wrongInRule({ hashVersion: 1 })).toEqual(['hashVersion must be 2, not 1: version 1 favours some learners over several experiments']);
    expect(wrongInRule({ hashVersion: undefined })).toHaveLength(1);
    expect(wrongInRule({ hashAttribute: 'deviceId' })).toEqual(['hashAttribute must be "id": learners are what is drawn for']);
    expect(wrongInRule({ weights: [0.5, 0.6] })).toEqual(['weights must be 2 numbers from 0 to 1 that make 1']);
    expect(wrongInRule({ weights: [1] })).toHaveLength(1);
    expect(wrongInRule({ coverage: 2 })).toEqual(['coverage must be a number from 0 to 1, not 2']);
    expect(wrongInRule({ namespace: ['lists', 0] })).toHaveLength(1);
    expect(wrongInRule({ ranges: [[0, 2]] })).toHaveLength(1);
    expect(wrongInRule({ meta: [{ key: 'a,b' }, {}] })).toHaveLength(1);
    expect(wrongInRule({ contextualBanditRef: 'b' })).toHaveLength(1);
    expect(wrongInRule({ condition: { $or: [{ id: { $notRegex: 'a' } }] } })).toEqual([
      'condition.$or[0].id.$notRegex is an operator that is not known',
    ]);
    expect(wrongInRule({ variations: ['model'] })).toEqual(['variations must be a list of two values at least']);
    expect(wrongInRule({ variations: ['model', 'lightgbm'] })).toEqual([
      'variations[1] must be "model", "formula" or a version such as "version:7", not "lightgbm"',
    ]);
    for (const ranker of ['version:', 'version:0', 'version:7.1', 'version:../7'])
      expect(wrongInRule({ variations: ['model', ranker] }), ranker).toHaveLength(1);
    expect(wrongInRule({ variations: ['model', 'version:7'] })).toEqual([]);
    const many = Array.from({ length: 5 }, (_, at) => `version:${at + 1}`);
    expect(
      wrongIn(rankerPayload({ variations: many, weights: [0.2, 0.2, 0.2, 0.2, 0.2], meta: many.map((key) => ({ key: key.replace(':', '-') })) })),
    ).toEqual(['features.recommendations.ranker names 5 versions of the model; the most is 4: each is in memory']);
    expect(wrongIn(rankerPayload({ parentConditions: [{ id: 'gone', condition: {} }] }))).toEqual([
      'features.recommendations.ranker.rules asks for the feature "gone", which the payload does not have',
    ]);
  });

  it('is refused for values that no decision could use', () => {
    const of = (feature: string, value: unknown): string => wrongIn(withValue(feature, value)).join();
    expect(of('recommendations.policy', { diversity: -1 })).toContain('has diversity -1; it must be a number from 0 on');
    expect(of('recommendations.policy', { explorationShare: 1 })).toContain('below 1');
    expect(of('recommendations.policy', { boost: 1 })).toContain('has "boost", which is none of evenAfter');
    expect(of('recommendations.candidates', { ALS: 1.5 })).toContain('must be a whole number from 0 to 200');
    expect(of('recommendations.candidates', { CURRICULUM: 5 })).toContain('CURRICULUM can only be switched off, with 0');
    expect(of('recommendations.candidates', { SEGMENT: 0 })).toContain('has "SEGMENT", which is none of TRENDING');
    expect(of('recommendations.candidates', { BEST: 5 })).toContain('has "BEST"');
    expect(of('recommendations.candidates', [])).toContain('must be an object');
    expect(of('recommendations.candidates', { CURRICULUM: 0, NEW: 3 })).toBe('');
  });

  it('is refused as a whole where it is no payload, is encrypted or too long', () => {
    expect(wrongIn([])).toEqual(['the payload a payload is an object with "features"']);
    expect(wrongIn({})).toHaveLength(1);
    expect(wrongIn({ features: {}, encryptedFeatures: 'x.y' })).toEqual([
      expect.stringContaining('encryptedFeatures encrypted payloads cannot be read'),
    ]);
    const condition = { courses: { $in: Array.from({ length: MOST_PAYLOAD_LENGTH / 8 }, (_, at) => `course-${at}`) } };
    expect(wrongIn(rankerPayload({ condition }))).toEqual([expect.stringMatching(/characters long; the most is 65536$/)]);
  });

  it('is read as what recommendations need of it: equal for equal content, with its groups and prerequisites', () => {
    const [one, other] = [fullPayload(), fullPayload()];
    Reflect.deleteProperty(other.features, 'another-product');
    const texts = [one, { status: 200, ...other, dateUpdated: '2026-11-29T00:00:00.000Z' }].map((payload) =>
      readPayload(JSON.stringify(payload), 'test'),
    );
    expect(texts[1]!.text).toBe(texts[0]!.text);
    expect(texts.map(({ updatedAtMs }) => updatedAtMs)).toEqual([-Infinity, Date.UTC(2026, 10, 29)]);
    const grouped = rankerPayload({ condition: { id: { $inGroup: 'g' } }, parentConditions: [{ id: 'gate', condition: { value: true } }] });
    const payload = {
      ...grouped,
      features: { ...grouped.features, gate: { defaultValue: true }, rest: { defaultValue: 1 } },
      savedGroups: { g: ['ada'] },
    };
    expect(JSON.parse(readPayload(JSON.stringify(payload), 'test').text)).toEqual({
      features: { 'recommendations.ranker': grouped.features!['recommendations.ranker'], gate: { defaultValue: true } },
      savedGroups: { g: ['ada'] },
    });
  });

  it('that cannot be read says where it came from, and how much is wrong', () => {
    expect(() => readPayload('{', 'here.json')).toThrow(
      expect.objectContaining({ code: 'SFS_EXPERIMENTS_INVALID', message: expect.stringMatching(/^here\.json is no JSON/) as string }) as Error,
    );
    const wrong = JSON.stringify(rankerPayload({ coverage: 2, hashVersion: 1 }));
    expect(() => readPayload(wrong, 'here.json')).toThrow(/^here\.json: features\.recommendations\.ranker\.rules\[0\]\.hashVersion .*, and 1 more/);
  });
});
