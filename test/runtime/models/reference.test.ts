import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readBundle } from '../../../runtime/models/bundle.js';
import { openModels } from '../../../runtime/models/index.js';
import { OnnxRanker } from '../../../runtime/models/onnxRanker.js';
import { REFERENCE, readReference, type Reference } from '../../../runtime/models/reference.js';
import { BUNDLE, FEATURES, REGION, copyOf, refile } from './fixture.js';

const names = FEATURES.declarations.map(({ name }) => name);
const EVEN = { edges: [1, 2], shares: [0.25, 0.5, 0.25] };
const sound = { features: names.map((name) => ({ name, ...EVEN })), scores: { next: EVEN, new: { edges: [], shares: [1] } }, rows: 4 };

function readOf(document: unknown): Reference | null {
  const folder = copyOf();
  refile(folder, REFERENCE, JSON.stringify(document));
  return readReference(readBundle(folder), names);
}

it('is what training wrote, feature by feature', () => {
  expect(readOf(sound)).toEqual({ features: names.map(() => EVEN), scores: sound.scores });
});

it('is missing in a bundle of an older training', () => {
  expect(readReference(readBundle(BUNDLE), names)).toBeNull();
});

it.each([
  ['no object', 7],
  ['no features', { ...sound, features: undefined }],
  ['features in another order', { ...sound, features: [...sound.features].reverse() }],
  ['a feature too many', { ...sound, features: [...sound.features, sound.features[0]] }],
  ['no scores of a list', { ...sound, scores: { next: EVEN } }],
  ['edges that do not ascend', { ...sound, scores: { ...sound.scores, next: { edges: [2, 2], shares: [0.25, 0.5, 0.25] } } }],
  ['as many shares as edges', { ...sound, scores: { ...sound.scores, next: { edges: [1, 2], shares: [0.5, 0.5] } } }],
  ['shares that do not make 1', { ...sound, scores: { ...sound.scores, next: { edges: [1], shares: [0.5, 0.4] } } }],
  ['a share below 0', { ...sound, scores: { ...sound.scores, next: { edges: [1], shares: [-0.5, 1.5] } } }],
  ['an edge that is text', { ...sound, scores: { ...sound.scores, next: { edges: ['1'], shares: [0.5, 0.5] } } }],
])('is refused with %s', (_, document) => {
  expect(() => readOf(document)).toThrow(expect.objectContaining({ code: 'SFS_MODEL_DAMAGED' }));
});

it('goes with the rankers of its bundle', { timeout: 120_000 }, async () => {
  const folder = copyOf();
  refile(folder, REFERENCE, JSON.stringify(sound));
  await using models = await openModels(folder, { region: REGION, featureSet: FEATURES });
  const { ranker } = models.at(Number.MAX_SAFE_INTEGER);
  expect(ranker instanceof OnnxRanker && ranker.reference?.features.length).toBe(names.length);
  writeFileSync(join(folder, REFERENCE), '{}');
  await expect(openModels(folder, { region: REGION, featureSet: FEATURES })).rejects.toMatchObject({ code: 'SFS_MODEL_DAMAGED' });
});
