import type { CourseId, CurriculumItem, ItemId } from '../../schemas/index.js';

/** Latent factors of a course's items from matrix factorisation; learners have none, they are folded in from what they did lately. */
export interface ItemFactors {
  readonly dimensions: number;
  /** Weight of the squared norm, and of an interaction: confidence 1 + alpha * weight. */
  readonly regularisation: number;
  readonly alpha: number;
  /** Row of an item in the matrix; -1 where training did not see it. */
  rowOf(item: ItemId): number;
  /** Row-major, items * dimensions. */
  readonly matrix: Float32Array;
  /** Sum over all items of factor times its transpose, dimensions * dimensions. */
  readonly gram: Float64Array;
}

/** Items as points, from text and metadata: near ones are alike. */
export interface ItemEmbeddings {
  readonly dimensions: number;
  /** The point of an item, of unit length: from training, or made now for an item that training did not see. The same for equal items. */
  vectorOf(item: CurriculumItem): Float32Array;
  /** Whether training saw an item: {@link nearest} finds no other. */
  has(item: ItemId): boolean;
  /**
   * The items of a course that training saw, nearest to a point of unit length first, `count` at most. Deterministic.
   * Similarity is the cosine, in [-1, 1].
   */
  nearest(course: CourseId, point: Float32Array, count: number): readonly { readonly item: ItemId; readonly similarity: number }[];
}

/** Which items learners use together. */
export interface Covisits {
  /** Items that go along with one, strongest first; weight in (0, 1]. Empty where training did not see it. */
  with(item: ItemId): readonly { readonly item: ItemId; readonly weight: number }[];
}

/** What training learnt about items, for candidate generation and features. Each part may be missing. */
export interface Retrieval {
  /** Of each course by itself; `null` for one that training did not see. The same object for the same course. */
  readonly factors: { of(course: CourseId): ItemFactors | null } | null;
  readonly embeddings: ItemEmbeddings | null;
  readonly covisits: Covisits | null;
}

/** Nothing was learnt. */
export const NO_RETRIEVAL: Retrieval = { factors: null, embeddings: null, covisits: null };
