/** The bundle of the tests, and what Python says of it. */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { FeatureSet } from '../../../operators/features/declarations.js';
import type { FeatureMatrix, ListName } from '../../../operators/ports/ranker.js';
import type { Manifest } from '../../../runtime/models/manifest.js';

const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));

/** Two rankers of 12 features, factors, co-visits and embeddings. */
export const BUNDLE = join(FIXTURES, 'bundle');
/** A whole bundle without rankers. */
export const RETRIEVAL = join(FIXTURES, 'retrieval', 'bundle');
export const REGION = 'eu-west';

export const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;

const trained = manifestOf(BUNDLE).featureSet!;

/** The features that the rankers of the bundle were trained on; those of the product change more often. */
export const FEATURES: FeatureSet = {
  id: trained.id,
  declarations: trained.columns.map((name) => ({
    name,
    type: 'ratio',
    unit: 'none',
    window: null,
    fallback: 0,
    personal: 'none',
    description: name,
    reason: null,
  })),
  column: (name) => trained.columns.indexOf(name),
};

/** Rows with the scores that Python gave them, rows on thresholds included. */
export const PARITY = JSON.parse(readFileSync(join(FIXTURES, 'parity.json'), 'utf8')) as Readonly<Record<ListName, readonly number[]>> & {
  readonly features: readonly (readonly number[])[];
};

/** Some rows as a matrix. */
export function matrixOf(rows: readonly (readonly number[])[]): FeatureMatrix {
  return { rows: rows.length, columns: FEATURES.declarations.length, values: Float32Array.from(rows.flat()) };
}

/** A folder for a test, gone after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-models-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A copy of a bundle that a test may spoil. */
export function copyOf(bundle = BUNDLE, to = join(temporaryFolder(), 'bundle')): string {
  cpSync(bundle, to, { recursive: true });
  return to;
}

/** Changes what a manifest says, and its digest with it. */
export function remanifest(folder: string, change: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify({ ...manifestOf(folder), ...change });
  writeFileSync(join(folder, 'manifest.json'), text);
  writeFileSync(join(folder, 'manifest.sha256'), `${digestOf(text)}  manifest.json\n`);
}

/** Writes a file of a bundle, or takes it away, as training would have. */
export function refile(folder: string, name: string, content: Buffer | string | null): void {
  const { [name]: _, ...files } = manifestOf(folder).files;
  if (content === null) rmSync(join(folder, name));
  else writeFileSync(join(folder, name), content);
  const now: Record<string, string> = content === null ? files : { ...files, [name]: digestOf(content) };
  const lines = Object.keys(now)
    .sort()
    .map((one) => `${one} ${now[one]!}\n`);
  remanifest(folder, { files: now, version: digestOf(lines.join('')).slice(0, 12) });
}

const digestOf = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** The same rankers with another model card: a version of its own. */
export function anotherVersion(bundle: string, card: string): string {
  const folder = copyOf(bundle);
  refile(folder, 'model-card.md', card);
  return folder;
}
