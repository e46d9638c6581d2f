import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { FeatureDeclaration } from '../../../operators/features/declarations.js';
import type { ListName } from '../../../operators/ports/ranker.js';
import { openModels } from '../../../runtime/models/index.js';
import { REGION, manifestOf } from './fixture.js';

/** What the trainer wrote: a bundle, rows (some on thresholds), and the scores of LightGBM itself. */
const TRAINED = fileURLToPath(new URL('./fixtures/trained/', import.meta.url));
const LISTS: readonly ListName[] = ['next', 'new'];

type Parity = Readonly<Record<ListName, readonly number[]>> & { readonly features: readonly (readonly number[])[] };

it('a bundle that the trainer wrote scores as LightGBM did, and its contributions make each score', async () => {
  const parity = JSON.parse(readFileSync(join(TRAINED, 'parity.json'), 'utf8')) as Parity;
  const manifest = manifestOf(join(TRAINED, 'bundle'));
  const columns = manifest.featureSet!.columns;
  const rest: Omit<FeatureDeclaration, 'name'> = {
    type: 'count',
    unit: 'none',
    window: null,
    fallback: 0,
    personal: 'none',
    description: '',
    reason: null,
  };
  const featureSet = {
    id: manifest.featureSet!.id,
    declarations: columns.map((name) => ({ name, ...rest })),
    column: (name: string) => columns.indexOf(name),
  };
  await using models = await openModels(join(TRAINED, 'bundle'), { region: REGION, featureSet });
  const { ranker } = models.at(manifest.trainedUntilMs);
  const matrix = { rows: parity.features.length, columns: columns.length, values: Float32Array.from(parity.features.flat()) };
  const scores = ranker.score(matrix);
  const found = { next: [...scores.next.subarray(0, matrix.rows)], new: [...scores.new.subarray(0, matrix.rows)] };
  expect(matrix.rows).toBeGreaterThan(400);
  for (const list of LISTS) {
    const furthest = Math.max(...parity[list].map((expected, row) => Math.abs(found[list][row]! - expected)));
    expect(furthest).toBeLessThan(1e-5);
    const of = (row: number): number => ranker.contributions!(matrix, row, list).reduce((total, one) => total + one, 0) - found[list][row]!;
    const constant = of(0);
    for (let row = 1; row < matrix.rows; row++) expect(of(row)).toBeCloseTo(constant, 4);
  }
});
