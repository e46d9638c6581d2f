import { join } from 'node:path';
import type { ListName } from '../../operators/ports/ranker.js';
import { jsonOf, type Bundle } from './bundle.js';
import { damaged } from './manifest.js';

/** The file of a bundle. */
export const REFERENCE = 'reference.json';

/** How values were distributed, over the bins between ascending edges. Bin n holds the values x with edges[n - 1] < x <= edges[n]. */
export interface Distribution {
  readonly edges: readonly number[];
  /** Share of the values in each bin, one more than edges; they make 1. */
  readonly shares: readonly number[];
}

/** What a ranker was trained on, and what it made of it: every candidate counts by how many stand behind it. */
export interface Reference {
  /** Of each feature, by its column. */
  readonly features: readonly Distribution[];
  readonly scores: Readonly<Record<ListName, Distribution>>;
}

/**
 * The reference of a bundle; `null` where training wrote none.
 * @param columns - names of the features that its rankers read
 * @throws SFS_MODEL_DAMAGED
 */
export function readReference(bundle: Bundle, columns: readonly string[]): Reference | null {
  const json = jsonOf(bundle, REFERENCE);
  if (json === null) return null;
  const path = join(bundle.folder, REFERENCE);
  const { features, scores } = json as Partial<{ features: unknown; scores: Record<ListName, unknown> }>;
  if (!areOf(columns, features))
    throw damaged(path, 'its features are not those of the rankers, in their order');
  const checked = (name: string, value: unknown): Distribution => {
    if (isDistribution(value)) return { edges: value.edges, shares: value.shares };
    throw damaged(path, `${name} has no ascending edges with one share more, which make 1`);
  };
  return {
    features: features.map((one) => checked(one.name, one)),
    scores: { next: checked('scores.next', scores?.next), new: checked('scores.new', scores?.new) },
  };
}

type Named = Distribution & { readonly name: string };

const areOf = (columns: readonly string[], features: unknown): features is readonly Named[] =>
  Array.isArray(features) && features.length === columns.length && columns.every((name, column) => (features[column] as Named | null)?.name === name);

/** Shares are rounded by neither side, but summed. */
const MOST_ERROR = 1e-6;

function isDistribution(value: unknown): value is Distribution {
  const { edges, shares } = (value ?? {}) as Partial<Distribution>;
  if (!isNumbers(edges) || !isNumbers(shares) || shares.length !== edges.length + 1) return false;
  const isAscending = edges.every((edge, at) => at === 0 || edges[at - 1]! < edge);
  const sum = shares.reduce((total, share) => total + share, 0);
  return isAscending && shares.every((share) => share >= 0) && Math.abs(sum - 1) < MOST_ERROR;
}

const isNumbers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(Number.isFinite);
