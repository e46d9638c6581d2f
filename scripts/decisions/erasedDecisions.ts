/** Notes in a chain which sealed decisions are about to be erased: their commitments stay, and whom they were about goes with the records. */
import { isMarker } from '../../runtime/engine/header.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { rangesOf } from '../training/topicRecords.js';
import { dropUnfinished } from './chainFolder.js';
import { ChainWriting, checkedChain, erasedIn, topicOf } from './sealing.js';

/**
 * Appends a block for each partition that holds sealed decisions of a learner. To be called before the records are dropped, as often as it takes: what
 * the chain says already it does not say again. A chain that is broken takes it too: `verify` tells of both. @param nowMs - for the blocks, ms since epoch
 * @returns how many decisions were noted. @throws SFS_FILE_UNWRITABLE, SFS_FILE_UNREADABLE, SFS_CHAIN_BROKEN for a line that is no block, and what reading the log throws
 */
export async function noteErased(tools: ToolAccess, folder: string, learner: string, nowMs: number): Promise<number> {
  const topic = await topicOf(folder);
  if (topic === undefined) return 0;
  dropUnfinished(folder);
  const [{ head }, known] = [await checkedChain(folder, topic), await erasedIn(folder)];
  const writing = new ChainWriting(folder, head, nowMs);
  let noted = 0;
  for (const [partition, { start }] of (await rangesOf(tools, topic)).entries()) {
    const sealedUpTo = head.next.get(partition) ?? start;
    const found = start < sealedUpTo ? await decisionsOf(tools.records(topic, partition, start), sealedUpTo, learner) : [];
    const erased = found.filter((offset) => !known.has(`${partition}/${offset}`));
    if (erased.length > 0) writing.add({ topic, partition, from: sealedUpTo, to: sealedUpTo, records: [], erased });
    noted += erased.length;
  }
  return noted;
}

/** Offsets below `end` of the decisions about a learner. */
async function decisionsOf(records: ReturnType<ToolAccess['records']>, end: number, learner: string): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset, key, value, header } of records) {
    if (offset >= end) break;
    if (key?.toString() === learner && value !== null && !isMarker(header)) offsets.push(offset);
  }
  return offsets;
}
