/** What a view has of a learner at one instant: all that an answer is made of, but for the question and the clock. */
import type { Oversight } from '../schemas/index.js';

/** Bytes as they lie in the view; nothing of them is opened yet. */
export interface Look {
  /** `null`: nobody in particular, or somebody who must not be served. */
  readonly learner: string | null;
  /** The record in the served version; `null` where there is none, and where the question leaves it alone. */
  readonly record: Buffer | null;
  /** What a person decided about the learner; `null` where nobody ever did. */
  readonly override: Buffer | null;
  /** What people decided for all: the same object until that changes. */
  readonly oversight: Oversight;
  /** Version of the view in which the catalogue changed last. */
  readonly catalogueAt: number | undefined;
}

/** What an answer of a learner's own list hangs on, where nobody decided anything about the learner. */
export type Basis = Pick<Look, 'oversight' | 'catalogueAt'> & { readonly record: Buffer };

/** Whether all that an own list was made of is as it was: then so is the list. */
export const isBasis = ({ record, override, oversight, catalogueAt }: Look, basis: Basis): boolean =>
  override === null && record !== null && oversight === basis.oversight && catalogueAt === basis.catalogueAt && record.equals(basis.record);
