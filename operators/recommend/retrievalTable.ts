import type { CourseId, ItemId } from '../../schemas/index.js';
import type { ItemEmbeddings, ItemFactors, Retrieval } from '../ports/retrieval.js';
import { numbersOf, type CourseTable } from './courseTable.js';
import { oncePerPair } from './oncePerPair.js';

/** Items that go along with one: their numbers, and how strongly each does. */
interface Companions {
  readonly numbers: Int32Array;
  readonly weights: Float32Array;
}

/** What training learnt of the items of a table, by their numbers: the same for every learner until the table or the model changes. */
export interface RetrievalTable {
  readonly factors: ItemFactors | null;
  /** Rows of the items in the factors; -1 for those without. */
  readonly factorRows: Int32Array;
  readonly embeddings: ItemEmbeddings | null;
  /** Points of the items, row-major; zeros for what has no place in the curriculum. */
  readonly points: Float32Array;
  /** Items with a point that training did not see. */
  readonly unseen: readonly number[];
  /** By number; empty for items that nothing goes along with. */
  readonly companions: readonly Companions[] | null;
}

/** What a model tells of the items of a course; made once for each pair of them. */
export const retrievalTable = oncePerPair(tableOf);

function tableOf(table: CourseTable, { factors, embeddings, covisits }: Retrieval, course: CourseId): RetrievalTable {
  const { items, places } = table;
  const ofCourse = factors?.of(course) ?? null;
  return {
    factors: ofCourse,
    factorRows: Int32Array.from(items, (item) => ofCourse?.rowOf(item) ?? -1),
    embeddings,
    points: embeddings === null ? new Float32Array(0) : pointsOf(table, embeddings),
    unseen: embeddings === null ? [] : numbersOf(places).filter((number) => !embeddings.has(items[number]!)),
    companions: covisits === null ? null : items.map((item) => companionsOf(covisits.with(item), table.numbers)),
  };
}

function pointsOf({ places }: CourseTable, embeddings: ItemEmbeddings): Float32Array {
  const points = new Float32Array(places.length * embeddings.dimensions);
  places.forEach((place, number) => {
    if (place !== undefined) points.set(embeddings.vectorOf(place), number * embeddings.dimensions);
  });
  return points;
}

function companionsOf(known: readonly { readonly item: ItemId; readonly weight: number }[], numbers: ReadonlyMap<ItemId, number>): Companions {
  const inTable = known.filter(({ item }) => numbers.has(item));
  return {
    numbers: Int32Array.from(inTable, ({ item }) => numbers.get(item)!),
    weights: Float32Array.from(inTable, ({ weight }) => weight),
  };
}
