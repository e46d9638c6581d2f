/** Decisions by what people decided about the recommender. */
import type { CourseRecommendations, Curriculum, Oversight } from '../../schemas/index.js';
import type { DecisionLookups } from './lookups.js';
import { oncePerPair } from './oncePerPair.js';

const blocked = oncePerPair((curriculum: Curriculum, oversight: Oversight): Curriculum => ({
  ...curriculum,
  items: curriculum.items.map((item) => (oversight.isBlocked(item.item) ? { ...item, withdrawn: true } : item)),
}));

/** What is looked up, with blocked items as if the catalogue had withdrawn them: others take their places. */
export function withoutBlocked(lookups: DecisionLookups, oversight: Oversight | undefined): DecisionLookups {
  if (oversight?.blocksItems !== true) return lookups;
  return { ...lookups, curricula: new Map([...lookups.curricula].map(([course, curriculum]) => [course, blocked(curriculum, oversight)])) };
}

/** Lists without blocked items: those that are in no curriculum may have come that far. */
export function listsWithoutBlocked(lists: CourseRecommendations, oversight: Oversight | undefined): CourseRecommendations {
  if (oversight?.blocksItems !== true) return lists;
  const isShown = ({ item }: { readonly item: string }): boolean => !oversight.isBlocked(item);
  return { ...lists, next: lists.next.filter(isShown), new: lists.new.filter(isShown) };
}
