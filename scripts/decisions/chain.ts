/**
 * A chain of digests over the feature log. Each block commits to some records of one partition, and to the block before it: who changes,
 * adds, removes or reorders anything that a block speaks of changes the digest of every block after it.
 *
 * A record's commitment is HMAC-SHA256(key, its place, key and value): without the key, a secret of the chain, nobody can tell from a block
 * what a record holds, nor try out what it might hold.
 *
 * Where the records of a person are erased, a block of its own names their offsets before they go: what is gone for that reason is told from what
 * somebody took out.
 *
 * @see Haber, Stornetta: How to time-stamp a digital document. Journal of Cryptology 3, 1991 (linked digests)
 */
import { createHash, createHmac } from 'node:crypto';
import type { LogRecord } from '../../runtime/ports.js';

/** A record as a block has it: offset, and commitment in hexadecimal digits. */
export type Commitment = readonly [offset: number, commitment: string];

/** What a block says, without its digest. */
export interface BlockContent {
  /** From 0. */
  readonly number: number;
  /** Physical name. */
  readonly topic: string;
  readonly partition: number;
  /** Offsets in [from, to): those of them that hold a record are in `records`. */
  readonly from: number;
  readonly to: number;
  readonly records: readonly Commitment[];
  /** Offsets of records that earlier blocks speak of and that were erased; absent in a block that seals. */
  readonly erased?: readonly number[];
  /** Keyed digests of the ids of erased decisions, by {@link idDigestOf}: who asks for one is told that it was erased. Goes with `erased`. */
  readonly erasedIds?: readonly string[];
  /** When it was made, ms since epoch, by the clock of who made it. */
  readonly sealedAtMs: number;
  /** Digest of the block before it; of the first, {@link GENESIS}. */
  readonly previous: string;
}

/** A block of a chain. */
export interface Block extends BlockContent {
  /** SHA-256 of the content, in hexadecimal digits. */
  readonly digest: string;
}

/** What stands before the first block. */
export const GENESIS = '0'.repeat(64);

/** A block with its digest. */
export const blockOf = (content: BlockContent): Block => ({ ...content, digest: digestOf(content) });

/** The digest of a content: over its values in one order, whatever that of its fields. */
export function digestOf({ number, topic, partition, from, to, records, sealedAtMs, previous, erased, erasedIds }: BlockContent): string {
  const erasure = erased === undefined ? [] : [erased, ...(erasedIds === undefined ? [] : [erasedIds])];
  return createHash('sha256')
    .update(JSON.stringify([number, topic, partition, from, to, records, sealedAtMs, previous, ...erasure]))
    .digest('hex');
}

/** The digest of the id of a decision: without the key nobody can tell whose it was. */
export const idDigestOf = (secret: Buffer, decisionId: string): string => createHmac('sha256', secret).update(`decision ${decisionId}`).digest('hex');

/** The commitment to a record of a partition. Lengths stand before what they measure: no two records have one text. */
export function commitmentOf(secret: Buffer, topic: string, partition: number, { offset, key, value }: LogRecord): Commitment {
  const keyed = createHmac('sha256', secret).update(JSON.stringify([topic, partition, offset, key?.length ?? -1, value?.length ?? -1]));
  if (key !== null) keyed.update(key);
  if (value !== null) keyed.update(value);
  return [offset, keyed.digest('hex')];
}

/** Where a chain is: what its next block follows. */
export interface ChainHead {
  /** Number of its blocks. */
  readonly blocks: number;
  readonly digest: string;
  /** First offset of each partition that no block speaks of. */
  readonly next: ReadonlyMap<number, number>;
}

/** What is wrong with a chain, or with the log that it speaks of. */
export interface Breach {
  /** Number of the block, where one is meant. */
  readonly block: number | null;
  readonly message: string;
}

/** Goes through the blocks of a chain in order, without the log. */
export class ChainCheck {
  private count = 0;
  private digest = GENESIS;
  private readonly next = new Map<number, number>();
  private readonly digests = new Set<string>();
  readonly breaches: Breach[] = [];

  constructor(private readonly topic: string) {}

  /** Takes the next block. */
  take(block: Block): void {
    const { partition, from, to, digest } = block;
    const found = this.problemOf(block);
    if (found !== null) this.breaches.push({ block: this.count, message: found });
    if (from !== (this.next.get(partition) ?? from))
      this.breaches.push({
        block: this.count,
        message: `begins at offset ${from} of partition ${partition}, and the one before ended at ${this.next.get(partition)}`,
      });
    this.next.set(partition, to);
    this.digests.add(digest);
    this.digest = digest;
    this.count++;
  }

  get head(): ChainHead {
    return { blocks: this.count, digest: this.digest, next: this.next };
  }

  /** Whether a digest that somebody noted is that of a block of this chain. */
  has(digest: string): boolean {
    return digest === GENESIS || this.digests.has(digest);
  }

  private problemOf(block: Block): string | null {
    if (block.number !== this.count) return `stands at place ${this.count} and says that it is ${block.number}`;
    if (block.topic !== this.topic) return `speaks of ${block.topic}`;
    if (block.previous !== this.digest) return 'does not follow the block before it';
    if (digestOf(block) !== block.digest) return 'is not what its digest says';
    return null;
  }
}
