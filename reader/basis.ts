/** What the answer of a learner's own record is made of. */
import type { Oversight } from '../schemas/index.js';

/** All that an own list depends on, but for the question and the clock: where two are the same, so are the answers. */
export interface AnswerBasis {
  /** The bytes of the record. */
  readonly record: Buffer;
  /** What people decided for all: the same object until that changes. */
  readonly oversight: Oversight;
  /** Version of the view in which the catalogue changed last. */
  readonly catalogueAt: number | undefined;
}

/** Compares two; nothing is the same as no basis. */
export const isSameBasis = (one: AnswerBasis, other: AnswerBasis | null): boolean =>
  other !== null && one.catalogueAt === other.catalogueAt && one.oversight === other.oversight && one.record.equals(other.record);
