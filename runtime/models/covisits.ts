import { join } from 'node:path';
import type { ItemId } from '../../schemas/index.js';
import type { Covisits } from '../../operators/ports/retrieval.js';
import { jsonOf, type Bundle } from './bundle.js';
import { damaged } from './manifest.js';

const COVISITS = 'covisits.json';

type Neighbours = ReturnType<Covisits['with']>;

const NONE: Neighbours = [];

interface CovisitsFile {
  readonly items: readonly ItemId[];
  /** For each item, the places of others among the items, with weights; strongest first. */
  readonly neighbours: readonly (readonly (readonly [number, number])[])[];
}

/** Which items are used together, by a bundle; `null` where it does not say. @throws SFS_MODEL_DAMAGED with the item */
export function readCovisits(bundle: Bundle): Covisits | null {
  const json = jsonOf(bundle, COVISITS);
  if (json === null) return null;
  const path = join(bundle.folder, COVISITS);
  const { items, neighbours } = json as CovisitsFile;
  if (!Array.isArray(items) || !Array.isArray(neighbours) || items.length !== neighbours.length)
    throw damaged(path, 'it has not the neighbours of each item');
  const all = new Map<ItemId, Neighbours>();
  items.forEach((item: ItemId, at) => {
    const of = (neighbours as CovisitsFile['neighbours'])[at]!;
    if (!areNeighbours(of, items))
      throw damaged(path, `the neighbours of item ${item} are not items with weights`);
    all.set(
      item,
      of.map(([index, weight]) => ({ item: items[index] as ItemId, weight })),
    );
  });
  return { with: (item) => all.get(item) ?? NONE };
}

function areNeighbours(of: unknown, items: readonly unknown[]): boolean {
  if (!Array.isArray(of)) return false;
  return of.every((pair: unknown) => {
    const [index, weight] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    return typeof index === 'number' && items[index] !== undefined && typeof weight === 'number' && weight > 0;
  });
}
