import type { StoreName } from '../../../schemas/index.js';

/** Something of a learner in a store. */
export interface Found {
  readonly store: StoreName;
  /** Topic and offset, task and key, path and row: for people. */
  readonly where: string;
  readonly value: unknown;
  /** It names the pseudonym and says nothing else: of no use without the identity map. */
  readonly isNameAlone?: true;
  /** It is sealed under a key that was deleted, of whomever: nobody can read it, and it cannot be told whose it was but by its key. */
  readonly isUnlinkable?: true;
}

/** Something in a file. */
export interface InFile {
  /** Which row or line, as it follows the path of the file. */
  readonly place: string;
  readonly value: unknown;
}
