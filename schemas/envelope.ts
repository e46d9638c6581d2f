import { SkillForgeError } from './errors.js';
import type { Sealed } from './generated/types.js';

/** A record with every envelope open: `Opened<Click>['personal']` is `ClickDetails`. */
export type Opened<T> = { readonly [K in keyof T]: Exclude<T[K], Sealed> };

/** The wire side of an opened record: its `personal` may be sealed. Records without an envelope stay as they are. */
export type Sealable<V> = V extends { readonly personal: infer P } ? Omit<V, 'personal'> & { readonly personal: P | Sealed } : V;

/**
 * Opens and seals the envelope of records under the data key of the person they belong to.
 * `open` and `seal` are synchronous because a task handles records one at a time; keys are fetched ahead, per batch, by `prepare`.
 */
export interface EnvelopeCodec {
  /** Fetches the keys that a batch needs. `owners` are pseudonyms, or daily keys for records of unknown persons. */
  prepare(owners: readonly string[]): Promise<void>;
  /** @throws SFS_SEALED when the value is sealed and there is no key */
  open<V>(owner: string, value: Sealable<V>): V;
  seal<V>(owner: string, value: V): Sealable<V>;
}

/** Whether a value is ciphertext. */
export function isSealed(value: unknown): value is Sealed {
  return typeof value === 'object' && value !== null && (value as Partial<Sealed>).ciphertext !== undefined;
}

/** No encryption: what is in clear stays so, and what is sealed cannot be opened. */
export const identityEnvelope: EnvelopeCodec = {
  prepare: () => Promise.resolve(),
  open: <V>(_owner: string, value: Sealable<V>): V => {
    const personal = (value as { readonly personal?: unknown } | null)?.personal;
    if (isSealed(personal)) throw sealedError(personal);
    return value as V;
  },
  seal: <V>(_owner: string, value: V): Sealable<V> => value as Sealable<V>,
};

function sealedError(personal: Sealed): SkillForgeError {
  return new SkillForgeError('SFS_SEALED', `The personal values are sealed and this process has no key "${personal.keyId}"`, {
    context: { keyId: personal.keyId, algorithm: personal.algorithm },
  });
}
