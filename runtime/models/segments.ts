import { join } from 'node:path';
import type { Segments } from '../../operators/ports/segments.js';
import { nearestSegment, type Clustering } from '../../operators/recommend/segments.js';
import { jsonOf, type Bundle } from './bundle.js';
import { damaged } from './manifest.js';

const SEGMENTS = 'segments.json';
/** What a first week is in the stream. */
const EARLY_HOURS = 168;
/** So many hex digits of the file's digest make the names of its segments its own. */
const DIGITS = 6;

/**
 * The segments of a bundle, named such as `s0-3fa2b1`; `null` where it has none. Another training has other segments by other names, so that a
 * list is never of two kinds of learners, and the same ones keep theirs.
 * @throws SFS_MODEL_DAMAGED
 */
export function readSegments(bundle: Bundle): Segments | null {
  const json = jsonOf(bundle, SEGMENTS);
  if (json === null) return null;
  const path = join(bundle.folder, SEGMENTS);
  const { names, features, centroids, earlyHours } = json as Clustering & { readonly earlyHours: number };
  if (earlyHours !== EARLY_HOURS) throw damaged(path, `it looks at ${String(earlyHours)} early hours, and the stream keeps ${EARLY_HOURS}`);
  const isWhole =
    Array.isArray(names) &&
    names.length > 0 &&
    Array.isArray(features) &&
    Array.isArray(centroids) &&
    centroids.length === names.length &&
    centroids.every((centre: Partial<Clustering['centroids'][number]> | null) => centre?.length === features.length);
  if (!isWhole) throw damaged(path, 'it has not a centre of all features for each segment');
  const suffix = bundle.manifest.files[SEGMENTS]!.slice(0, DIGITS);
  try {
    return nearestSegment({ names: names.map((name: string) => `${name}-${suffix}`), features, centroids });
  } catch (error) {
    throw damaged(path, (error as Error).message);
  }
}
