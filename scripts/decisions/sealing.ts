/** Adds to a chain what the feature log has since its last block, and compares a chain with the log. */
import { SkillForgeError, physicalTopicName, topics } from '../../schemas/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import type { LogRecord, PartitionRange, ToolAccess } from '../../runtime/ports.js';
import { liveTopic } from '../../runtime/replay/replayState.js';
import { rangesOf } from '../training/topicRecords.js';
import { ChainCheck, blockOf, commitmentOf, type Block, type Breach, type ChainHead, type Commitment } from './chain.js';
import { appendBlocks, dropUnfinished, readBlocks, secretFor, secretOf } from './chainFolder.js';

/** Records of a block, at most. */
const MOST_RECORDS = 1_000;

/** Which chain, and the log of which region. */
export interface ChainPlace {
  /** Folder of the chain. */
  readonly folder: string;
  readonly region: string;
}

/** What was sealed. */
export interface Sealed {
  readonly blocks: number;
  readonly records: number;
  /** Digest of the last block: keep it elsewhere, and `verify` can tell that the chain was not cut or written anew. */
  readonly head: string;
}

/**
 * Seals what is new in the feature log of a region.
 *
 * @param nowMs - for the blocks, ms since epoch
 * @throws SFS_CHAIN_BROKEN where the chain that is there is no chain; SFS_FILE_UNWRITABLE, and what reading the log throws
 */
export async function seal(tools: ToolAccess, { folder, region }: ChainPlace, nowMs: number): Promise<Sealed> {
  const topic = liveLog(tools, region);
  const secret = secretFor(folder);
  dropUnfinished(folder);
  const check = await checkedChain(folder, topic);
  const [first] = check.breaches;
  if (first !== undefined)
    throw new SkillForgeError('SFS_CHAIN_BROKEN', `block ${first.block ?? 0} of the chain in ${folder} ${first.message}`, { context: { folder } });
  const writing = new ChainWriting(folder, check.head, nowMs);
  for (const [partition, { start, end }] of (await rangesOf(tools, topic)).entries()) {
    const from = check.head.next.get(partition) ?? start;
    let records: Commitment[] = [];
    let begin = from;
    for await (const record of from < end ? decisionsOf(tools, topic, partition, from) : []) {
      if (record.offset >= end) break;
      records.push(commitmentOf(secret, topic, partition, record));
      if (records.length < MOST_RECORDS) continue;
      writing.add({ topic, partition, from: begin, to: record.offset + 1, records });
      [records, begin] = [[], record.offset + 1];
    }
    if (records.length > 0) writing.add({ topic, partition, from: begin, to: end, records });
  }
  return writing.sealed;
}

/** The feature log of the version that is live. A chain speaks of one: after a promotion another folder begins another chain. */
const liveLog = (tools: ToolAccess, region: string): string => physicalTopicName(region, liveTopic(tools.documents, topics.featureLog.name));

/** The log that a chain speaks of; none where there is no chain. */
export async function topicOf(folder: string): Promise<string | undefined> {
  for await (const { topic } of readBlocks(folder)) return topic;
  return undefined;
}

/** Appends blocks to a chain. */
export class ChainWriting {
  private blocks = 0;
  private records = 0;

  constructor(
    private readonly folder: string,
    private head: ChainHead,
    private readonly nowMs: number,
  ) {}

  /** @throws SFS_FILE_UNWRITABLE */
  add(part: Pick<Block, 'topic' | 'partition' | 'from' | 'to' | 'records' | 'erased' | 'erasedIds'>): void {
    const block = blockOf({ number: this.head.blocks, ...part, sealedAtMs: this.nowMs, previous: this.head.digest });
    appendBlocks(this.folder, [block]);
    this.head = { ...this.head, blocks: block.number + 1, digest: block.digest };
    this.blocks++;
    this.records += block.records.length;
  }

  get sealed(): Sealed {
    return { blocks: this.blocks, records: this.records, head: this.head.digest };
  }
}

/** Goes through a chain without the log. @throws SFS_FILE_UNREADABLE, SFS_CHAIN_BROKEN for a line that is no block */
export async function checkedChain(folder: string, topic: string): Promise<ChainCheck> {
  const check = new ChainCheck(topic);
  for await (const block of readBlocks(folder)) check.take(block);
  return check;
}

/** Records that are decisions: markers and tombstones are none. */
async function* decisionsOf(tools: ToolAccess, topic: string, partition: number, from: number): AsyncGenerator<LogRecord, void, undefined> {
  for await (const record of tools.records(topic, partition, from)) if (record.value !== null && !isMarker(record.header)) yield record;
}

/** What a comparison found. */
export interface Verified {
  readonly blocks: number;
  readonly head: string;
  /** Records that are as they were sealed. */
  readonly records: number;
  /** Sealed records that retention has taken since. */
  readonly expired: number;
  /** Sealed records that were erased since, as the chain says. */
  readonly erased: number;
  /** Records that no block speaks of yet. */
  readonly unsealed: number;
  readonly breaches: readonly Breach[];
}

/**
 * Compares a chain with the log that it speaks of, record by record.
 *
 * @param head - a digest that was noted when it was the last: a chain without it was cut or written anew
 * @throws SFS_CHAIN_BROKEN where the chain cannot be read or has no secret, and what reading the log throws
 */
export async function verifyChain(tools: ToolAccess, { folder, region }: ChainPlace, head?: string): Promise<Verified> {
  const topic = (await topicOf(folder)) ?? liveLog(tools, region);
  const secret = secretOf(folder);
  const [check, log] = [new ChainCheck(topic), new LogCheck(tools, topic, secret, await rangesOf(tools, topic), await erasedIn(folder))];
  for await (const block of readBlocks(folder)) {
    check.take(block);
    await log.compare(block);
  }
  const unsealed = await log.unsealedAfter(check.head.next);
  const noted =
    head === undefined || check.has(head) ? [] : [{ block: null, message: `no block has the digest ${head}: the chain was cut, or written anew` }];
  const breaches = [...check.breaches, ...log.breaches, ...noted];
  const { records, expired, erased } = log;
  return { blocks: check.head.blocks, head: check.head.digest, records, expired, erased, unsealed, breaches };
}

/** The places of a chain that were erased, as `partition/offset`. @throws SFS_FILE_UNREADABLE, SFS_CHAIN_BROKEN */
export async function erasedIn(folder: string): Promise<Set<string>> {
  const places = new Set<string>();
  for await (const { partition, erased = [] } of readBlocks(folder)) for (const offset of erased) places.add(`${partition}/${offset}`);
  return places;
}

/** Compares blocks with the log, reading each partition once. */
class LogCheck {
  records = 0;
  expired = 0;
  erased = 0;
  readonly breaches: Breach[] = [];

  constructor(
    private readonly tools: ToolAccess,
    private readonly topic: string,
    private readonly secret: Buffer,
    private readonly ranges: readonly PartitionRange[],
    private readonly erasedPlaces: ReadonlySet<string>,
  ) {}

  async compare({ number, partition, from, to, records }: Block): Promise<void> {
    const { start } = this.ranges[partition] ?? { start: 0 };
    const found = new Map(await this.commitmentsIn(partition, Math.max(from, start), to));
    for (const [offset, commitment] of records) {
      if (offset < start) this.expired++;
      else this.take(number, { partition, offset, sealed: commitment, found: found.get(offset) });
      found.delete(offset);
    }
    for (const offset of found.keys()) this.breach(number, partition, offset, 'was not there when it was sealed');
  }

  async unsealedAfter(next: ReadonlyMap<number, number>): Promise<number> {
    let unsealed = 0;
    for (const [partition, { start, end }] of this.ranges.entries()) {
      unsealed += (await this.commitmentsIn(partition, Math.max(next.get(partition) ?? start, start), end)).length;
    }
    return unsealed;
  }

  private take(
    block: number,
    { partition, offset, sealed, found }: { partition: number; offset: number; sealed: string; found: string | undefined },
  ): void {
    const isErased = this.erasedPlaces.has(`${partition}/${offset}`);
    if (isErased && found === undefined) this.erased++;
    else if (isErased) this.breach(block, partition, offset, 'is there, though the chain says that it was erased');
    else if (found === sealed) this.records++;
    else this.breach(block, partition, offset, found === undefined ? 'is gone' : 'is not what was sealed');
  }

  private breach(block: number, partition: number, offset: number, what: string): void {
    this.breaches.push({ block, message: `the record at ${this.topic}/${partition}/${offset} ${what}` });
  }

  private async commitmentsIn(partition: number, from: number, to: number): Promise<Commitment[]> {
    const found: Commitment[] = [];
    if (from >= to || partition >= this.ranges.length) return found;
    for await (const record of decisionsOf(this.tools, this.topic, partition, from)) {
      if (record.offset >= to) break;
      found.push(commitmentOf(this.secret, this.topic, partition, record));
    }
    return found;
  }
}
