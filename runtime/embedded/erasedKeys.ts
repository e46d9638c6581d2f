/**
 * Keys that a folder takes no records under any more: those of persons whose data were erased. Whoever writes to the folder, and whatever still
 * has an event of theirs in a queue, cannot bring them back. Kept as salted digests: the list says nothing of whom it is about.
 */
import { hash, randomBytes } from 'node:crypto';

/** Name of the document that has them. */
export const ERASED_DOCUMENT = 'erased-keys';

const SALT_BYTES = 16;

interface KeptKeys {
  readonly salt: string;
  /** By digest: since when, ms since epoch. */
  readonly since: Readonly<Record<string, number>>;
}

/** The erased keys of a folder as they are at one time. */
export class ErasedKeys {
  private constructor(
    private readonly salt: string,
    private readonly since: ReadonlyMap<string, number>,
  ) {}

  /** Reads the document, `null` where there is none. */
  static of(document: Buffer | null): ErasedKeys {
    if (document === null) return new ErasedKeys(randomBytes(SALT_BYTES).toString('hex'), new Map());
    const { salt, since } = JSON.parse(document.toString()) as KeptKeys;
    return new ErasedKeys(salt, new Map(Object.entries(since)));
  }

  /** Since when a key is erased, ms since epoch; `null` for one that is not. */
  sinceOf(key: Buffer): number | null {
    // Asked for each record that is written: of the many folders without an erasure nothing is computed.
    return this.since.size === 0 ? null : (this.since.get(this.digestOf(key)) ?? null);
  }

  /** With one more; a key that is erased already keeps its time. */
  with(key: Buffer, atMs: number): ErasedKeys {
    const digest = this.digestOf(key);
    return new ErasedKeys(this.salt, new Map([...this.since, [digest, this.since.get(digest) ?? atMs]]));
  }

  /** Without one. */
  without(key: Buffer): ErasedKeys {
    const digest = this.digestOf(key);
    return new ErasedKeys(this.salt, new Map([...this.since].filter(([other]) => other !== digest)));
  }

  /** The document. */
  toDocument(): Buffer {
    const kept: KeptKeys = { salt: this.salt, since: Object.fromEntries(this.since) };
    return Buffer.from(JSON.stringify(kept));
  }

  private digestOf(key: Buffer): string {
    return hash('sha256', `${this.salt} ${key.toString('latin1')}`, 'base64url');
  }
}
