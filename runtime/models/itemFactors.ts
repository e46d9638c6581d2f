import { join } from 'node:path';
import type { CourseId, ItemId } from '../../schemas/index.js';
import type { ItemFactors, Retrieval } from '../../operators/ports/retrieval.js';
import { floatsOf, jsonOf, type Bundle } from './bundle.js';
import { damaged } from './manifest.js';

const FACTORS = 'item-factors.json';
const MATRIX = 'item-factors.f32';

interface FactorsFile {
  readonly dimensions: number;
  readonly regularisation: number;
  readonly alpha: number;
  /** In the order of their rows in the matrix. */
  readonly courses: readonly { readonly course: CourseId; readonly items: readonly ItemId[] }[];
}

/** The latent factors of a bundle, course by course; `null` where it has none. @throws SFS_MODEL_DAMAGED */
export function readFactors(bundle: Bundle): Retrieval['factors'] {
  const json = jsonOf(bundle, FACTORS);
  if (json === null) return null;
  const path = join(bundle.folder, FACTORS);
  if (!isFactorsFile(json)) throw damaged(path, 'it lacks dimensions, regularisation, alpha or courses');
  const { dimensions, courses } = json;
  const matrix = floatsOf(bundle, MATRIX, dimensions * courses.reduce((total, { items }) => total + items.length, 0));
  if (matrix === null) throw damaged(path, `${MATRIX} is not among the files`);
  let from = 0;
  const all = new Map<CourseId, ItemFactors>();
  for (const { course, items } of courses) {
    const rows = matrix.subarray(from, (from += dimensions * items.length));
    all.set(course, factorsOf(json, items, rows));
  }
  return { of: (course) => all.get(course) ?? null };
}

function factorsOf({ dimensions, regularisation, alpha }: FactorsFile, items: readonly ItemId[], matrix: Float32Array): ItemFactors {
  const rows = new Map(items.map((item, row) => [item, row]));
  return { dimensions, regularisation, alpha, rowOf: (item) => rows.get(item) ?? -1, matrix, gram: gramOf(matrix, dimensions) };
}

/** The sum of each row times its transpose. */
function gramOf(matrix: Float32Array, dimensions: number): Float64Array {
  const gram = new Float64Array(dimensions * dimensions);
  for (let at = 0; at < matrix.length; at += dimensions) {
    for (let i = 0; i < dimensions; i++) for (let j = 0; j < dimensions; j++) gram[i * dimensions + j]! += matrix[at + i]! * matrix[at + j]!;
  }
  return gram;
}

function isFactorsFile(json: unknown): json is FactorsFile {
  const { dimensions, regularisation, alpha, courses } = (json ?? {}) as Partial<FactorsFile>;
  return (
    Number.isInteger(dimensions) &&
    Number.isFinite(regularisation) &&
    Number.isFinite(alpha) &&
    Array.isArray(courses) &&
    courses.every((one: Partial<FactorsFile['courses'][number]> | null) => Array.isArray(one?.items))
  );
}
