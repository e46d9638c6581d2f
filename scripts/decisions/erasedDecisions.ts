/** Notes in a chain which decisions are about to be erased: their commitments stay, and whom they were about goes with the records. */
import { LocalSchemaIds, SkillForgeError, topicCodec, topics } from '../../schemas/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { rangesOf } from '../training/topicRecords.js';
import { idDigestOf } from './chain.js';
import { dropUnfinished, readBlocks, secretFor, secretOf } from './chainFolder.js';
import { ChainWriting, checkedChain, erasedIn, topicOf } from './sealing.js';

/**
 * Appends a block for each partition that holds decisions of a learner; where nothing was sealed yet, it begins the chain. To be called before the records are
 * dropped, as often as it takes: what the chain says already it does not say again. A chain that is broken takes it too: `verify` tells of both.
 * @param nowMs - for the blocks, ms since epoch
 * @returns how many sealed decisions were noted. @throws SFS_FILE_UNWRITABLE, SFS_FILE_UNREADABLE, SFS_CHAIN_BROKEN for a line that is no block, and what reading the log throws
 */
export async function noteErased(tools: ToolAccess, folder: string, learner: string, nowMs: number): Promise<number> {
  const known = await topicOf(folder);
  let noted = 0;
  for (const topic of known === undefined ? await logsIn(tools) : [known]) {
    noted += await noteErasedIn(tools, { folder, topic }, learner, nowMs);
    // A chain speaks of one log.
    if ((await topicOf(folder)) !== undefined) break;
  }
  return noted;
}

async function noteErasedIn(
  tools: ToolAccess,
  { folder, topic }: { folder: string; topic: string },
  learner: string,
  nowMs: number,
): Promise<number> {
  dropUnfinished(folder);
  const [{ head }, places, ids] = [await checkedChain(folder, topic), await erasedIn(folder), await erasedIdsIn(folder)];
  const writing = new ChainWriting(folder, head, nowMs);
  let noted = 0;
  for (const [partition, { start }] of (await rangesOf(tools, topic)).entries()) {
    const sealedUpTo = head.next.get(partition) ?? start;
    const found = await decisionsOf(tools, topic, partition, learner);
    if (found.length === 0) continue;
    const erased = found.map(({ offset }) => offset).filter((offset) => offset < sealedUpTo && !places.has(`${partition}/${offset}`));
    const erasedIds = digestsOf(secretFor(folder), found).filter((digest) => !ids.has(digest));
    if (erased.length + erasedIds.length > 0) writing.add({ topic, partition, from: sealedUpTo, to: sealedUpTo, records: [], erased, erasedIds });
    noted += erased.length;
  }
  return noted;
}

/** Whether a chain says that a decision was erased. @param id - of a record, or of the decision without its course. @throws SFS_CHAIN_BROKEN, SFS_FILE_UNREADABLE */
export async function isErasedDecision(folder: string, id: string): Promise<boolean> {
  if ((await topicOf(folder)) === undefined) return false;
  return (await erasedIdsIn(folder)).has(idDigestOf(secretOf(folder), id));
}

async function erasedIdsIn(folder: string): Promise<Set<string>> {
  const digests = new Set<string>();
  for await (const { erasedIds = [] } of readBlocks(folder)) for (const digest of erasedIds) digests.add(digest);
  return digests;
}

/** Feature logs, those of replays left out. */
async function logsIn(tools: ToolAccess): Promise<string[]> {
  return (await tools.topics()).map(({ name }) => name).filter((name) => name.endsWith(`.${topics.featureLog.name}`));
}

/** Decisions about a learner, with the ids under which somebody may ask for them. */
async function decisionsOf(tools: ToolAccess, topic: string, partition: number, learner: string): Promise<{ offset: number; ids: string[] }[]> {
  const codec = topicCodec(topics.featureLog, tools.schemas ?? LocalSchemaIds.withAccepted());
  const found: { offset: number; ids: string[] }[] = [];
  for await (const record of tools.records(topic, partition, 0)) {
    if (record.key?.toString() !== learner || record.value === null || isMarker(record.header)) continue;
    found.push({ offset: record.offset, ids: idsOf(() => codec.decode(learner, record.value!).decisionId) });
  }
  return found;
}

/** The id of a record, and that of the decision, which one record has for each course. Of what cannot be decoded none: it goes all the same. */
function idsOf(decisionId: () => string): string[] {
  try {
    const id = decisionId();
    const end = id.indexOf('-');
    return end < 0 ? [id] : [id, id.slice(0, end)];
  } catch (error) {
    if (error instanceof SkillForgeError) return [];
    throw error;
  }
}

const digestsOf = (secret: Buffer, found: readonly { readonly ids: readonly string[] }[]): string[] => [
  ...new Set(found.flatMap(({ ids }) => ids.map((id) => idDigestOf(secret, id)))),
];
