import { join } from 'node:path';
import type { Index } from 'usearch';
import type { Bundle } from './bundle.js';
import { damaged } from './manifest.js';

/** How many an index looks at while it searches: of the 60 nearest of random points, it finds 99 % among 1,000 and 96 % among 5,000. */
const EXPANSION_SEARCH = 64;
const MAGIC = 'usearch';
const MAJOR = 2;
/** Cosine, 32-bit floats, 64-bit keys: usearch's codes of what training writes. */
const KINDS = Buffer.from([0x63, 0x0b, 0x0e]);

/**
 * The nearest-neighbour index of a course, a graph by which a search comes near its point in few steps; `null` where the bundle has none.
 *
 * @see Y. Malkov, D. Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs", 2016
 * @throws SFS_MODEL_DAMAGED where the file is no index of so many points of so many dimensions
 */
export async function openCourseIndex(bundle: Bundle, name: string, dimensions: number, size: number): Promise<Index | null> {
  const bytes = bundle.file(name);
  if (bytes === null) return null;
  const path = join(bundle.folder, name);
  assertHead(path, bytes, dimensions, size);
  // Compiled: loaded where it is needed only.
  const { Index, MetricKind, ScalarKind } = await import('usearch');
  const index = new Index({
    dimensions,
    metric: MetricKind.Cos,
    quantization: ScalarKind.F32,
    connectivity: 16,
    expansion_add: 128,
    expansion_search: EXPANSION_SEARCH,
    multi: false,
  });
  index.load(path);
  return index;
}

/** Compiled code that is given another file ends the process, so this comes first. The head stands behind the matrix of the points. */
function assertHead(path: string, bytes: Buffer, dimensions: number, size: number): void {
  const at = bytes.length < 8 ? Infinity : 8 + bytes.readUInt32LE(0) * bytes.readUInt32LE(4);
  if (bytes.length < at + 40 || bytes.toString('latin1', at, at + 7) !== MAGIC) throw damaged(path, 'it is no index of usearch');
  const version = bytes.readUInt16LE(at + 7);
  if (version !== MAJOR || !bytes.subarray(at + 13, at + 16).equals(KINDS))
    throw damaged(path, `it is an index of version ${version} of usearch, or of another kind than cosines of 32-bit floats`);
  const [points, removed, width] = [17, 25, 33].map((field) => Number(bytes.readBigUInt64LE(at + field)));
  if (points !== size || removed !== 0 || width !== dimensions)
    throw damaged(path, `it has ${points} points of ${width} dimensions, and the course has ${size} of ${dimensions}`);
}
