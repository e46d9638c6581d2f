import { join } from 'node:path';
import type { Index } from 'usearch';
import type { CourseId, CurriculumItem, ItemId } from '../../schemas/index.js';
import type { ItemEmbeddings } from '../../operators/ports/retrieval.js';
import { dot } from '../../operators/recommend/dot.js';
import { floatsOf, jsonOf, type Bundle } from './bundle.js';
import { openCourseIndex } from './courseIndex.js';
import { bucketsOf, type TokenRules } from './itemTokens.js';
import { damaged } from './manifest.js';

const EMBEDDINGS = 'embeddings.json';
/** An index gives so many times what is wanted: the nearest of them, compared exactly, do not hang on its rounding. */
const OVER_FETCH = 2;
/** A text none of whose tokens training saw has no direction. */
const LEAST_LENGTH = 1e-12;

interface EmbeddingsFile extends TokenRules {
  readonly dimensions: number;
  readonly items: readonly ItemId[];
  /** The rows of each course's items. */
  readonly courses: Readonly<Record<CourseId, readonly number[]>>;
}

/** A course's items in the matrix. */
interface CoursePoints {
  readonly rows: readonly number[];
  /** `null` where training left it out. */
  readonly index: Index | null;
}

type Near = ReturnType<ItemEmbeddings['nearest']>;

/** The item embeddings of a bundle; `null` where it has none. @throws SFS_MODEL_DAMAGED */
export async function readEmbeddings(bundle: Bundle): Promise<ItemEmbeddings | null> {
  const json = jsonOf(bundle, EMBEDDINGS);
  if (json === null) return null;
  const path = join(bundle.folder, EMBEDDINGS);
  if (!isEmbeddingsFile(json)) throw damaged(path, 'it lacks what it should say of dimensions, tokens, items or courses');
  const { dimensions, buckets, items } = json;
  const part = (name: string, count: number): Float32Array => {
    const floats = floatsOf(bundle, name, count);
    if (floats === null) throw damaged(path, `${name} is not among the files`);
    return floats;
  };
  const points = part('embeddings.f32', items.length * dimensions);
  const projection = part('projection.f32', buckets * dimensions);
  const idf = part('idf.f32', buckets);
  return new Embeddings(json, points, { projection, idf }, await coursesOf(bundle, json));
}

class Embeddings implements ItemEmbeddings {
  readonly dimensions: number;
  private readonly rows: ReadonlyMap<ItemId, number>;
  /** Of items that training did not see. */
  private readonly made = new WeakMap<CurriculumItem, Float32Array>();

  constructor(
    private readonly file: EmbeddingsFile,
    private readonly points: Float32Array,
    private readonly learnt: { readonly projection: Float32Array; readonly idf: Float32Array },
    private readonly courses: ReadonlyMap<CourseId, CoursePoints>,
  ) {
    this.dimensions = file.dimensions;
    this.rows = new Map(file.items.map((item, row) => [item, row]));
  }

  has(item: ItemId): boolean {
    return this.rows.has(item);
  }

  vectorOf(item: CurriculumItem): Float32Array {
    const row = this.rows.get(item.item);
    if (row !== undefined) return this.points.subarray(row * this.dimensions, (row + 1) * this.dimensions);
    let point = this.made.get(item);
    if (point === undefined) this.made.set(item, (point = this.pointOf(item)));
    return point;
  }

  nearest(course: CourseId, point: Float32Array, count: number): Near {
    const found = this.courses.get(course);
    if (found === undefined || count < 1 || point.every((value) => value === 0)) return [];
    const similarities = this.nearRows(found, point, count * OVER_FETCH).map((row) => ({ row, similarity: this.similarity(row, point) }));
    const best = similarities.sort((a, b) => b.similarity - a.similarity || a.row - b.row).slice(0, count);
    return best.map(({ row, similarity }) => ({ item: this.file.items[row]!, similarity }));
  }

  /** Where that is all of them, no index is asked. */
  private nearRows({ rows, index }: CoursePoints, point: Float32Array, count: number): number[] {
    if (index === null || count >= rows.length) return [...rows];
    return Array.from(index.search(point, count, 1).keys, Number);
  }

  private similarity(row: number, point: Float32Array): number {
    return Math.max(-1, Math.min(1, dot(point, this.points, row * this.dimensions)));
  }

  /**
   * Latent semantic analysis folds a text in: its weighted tokens, times the projection.
   * @see S. Deerwester et al., "Indexing by Latent Semantic Analysis", JASIS 41(6), 1990
   */
  private pointOf(item: CurriculumItem): Float32Array {
    const { dimensions } = this;
    const { projection, idf } = this.learnt;
    const sums = new Float64Array(dimensions);
    for (const [bucket, weight] of bucketsOf(item, this.file)) {
      const weighted = idf[bucket]! * weight;
      for (let at = 0; at < dimensions; at++) sums[at]! += weighted * projection[bucket * dimensions + at]!;
    }
    const length = Math.hypot(...sums);
    return Float32Array.from(sums, (value) => (length < LEAST_LENGTH ? 0 : value / length));
  }
}

async function coursesOf(bundle: Bundle, { dimensions, courses }: EmbeddingsFile): Promise<Map<CourseId, CoursePoints>> {
  const all = new Map<CourseId, CoursePoints>();
  for (const [course, rows] of Object.entries(courses)) {
    const index = await openCourseIndex(bundle, `embeddings-${all.size}.usearch`, dimensions, rows.length);
    all.set(course as CourseId, { rows, index });
  }
  return all;
}

function isEmbeddingsFile(json: unknown): json is EmbeddingsFile {
  const { dimensions, buckets, weights, gramLengths, difficultyLevels, items, courses } = (json ?? {}) as Partial<EmbeddingsFile>;
  if (![dimensions, buckets, difficultyLevels].every(Number.isInteger) || !Array.isArray(gramLengths) || !Array.isArray(items)) return false;
  const isRow = (row: number): boolean => items[row] !== undefined;
  const weighs = ['word', 'gram', 'kind', 'skill', 'difficulty'].every((kind) =>
    Number.isFinite((weights as Record<string, number> | undefined)?.[kind]),
  );
  return weighs && Object.values(courses ?? { none: [-1] }).every((rows) => Array.isArray(rows) && rows.every(isRow));
}
