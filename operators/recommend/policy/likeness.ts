import type { CurriculumItem } from '../../../schemas/index.js';
import type { ItemEmbeddings } from '../../ports/retrieval.js';
import { dot } from '../dot.js';

/** How alike two items are, in [0, 1]. */
export type Likeness = (one: CurriculumItem | undefined, other: CurriculumItem | undefined) => number;

/** The cosine of the embeddings, where there are some; else what two items have in common of kind and skills, each one half. What is no item is like nothing. */
export function likenessIn(embeddings: ItemEmbeddings | null): Likeness {
  const of = embeddings === null ? commonOf : cosineBy(embeddings);
  return (one, other) => (one === undefined || other === undefined ? 0 : of(one, other));
}

/** Of points of unit length; what points away is as unlike as can be. */
function cosineBy(embeddings: ItemEmbeddings): (one: CurriculumItem, other: CurriculumItem) => number {
  const points = new Map<CurriculumItem, Float32Array>();
  const pointOf = (item: CurriculumItem): Float32Array => {
    let point = points.get(item);
    if (point === undefined) points.set(item, (point = embeddings.vectorOf(item)));
    return point;
  };
  return (one, other) => Math.min(1, Math.max(0, dot(pointOf(one), pointOf(other), 0)));
}

/** One half for the kind, one for the share of the skills of both that both have. */
function commonOf(one: CurriculumItem, other: CurriculumItem): number {
  const kind = one.kind === other.kind ? 0.5 : 0;
  if (one.skills.length === 0 || other.skills.length === 0) return kind;
  const common = one.skills.filter((skill) => other.skills.includes(skill)).length;
  return kind + (0.5 * common) / (one.skills.length + other.skills.length - common);
}
