/** When a view cannot be trusted any more, and is built anew from the log. */
import type { RecommendationLog } from './log.js';
import type { LogReads } from './logReads.js';
import { VIEW_FORMAT, type LastRecord, type ViewHead } from './viewStore.js';
import { isServable } from './viewTopics.js';

/** Why a view was built anew. */
export interface RebuildReason {
  readonly code: 'format' | 'other-log' | 'not-followed' | 'in-clear' | 'closed' | 'key-used-up';
  /** A sentence for people; names no learner. */
  readonly message: string;
}

/**
 * Compaction keeps the tombstone of a deleted key for a day. Who did not look for half as long may miss one later, and would go on
 * serving what was deleted.
 */
export const MAX_UNFOLLOWED_MS = 12 * 60 * 60 * 1000;

/** How to look at a view. */
export interface TrustCheck {
  /** By the clock of this machine, ms since epoch. */
  readonly nowMs: number;
  /** Also compares the last record of each partition with the log: once per process is enough. */
  readonly deep: boolean;
}

/** A log, and the way to its records. */
export interface LookedAtLog {
  readonly log: RecommendationLog;
  readonly reads: LogReads;
}

/** `null` where the view can go on from its positions. @throws what the log throws */
export async function rebuildReason(head: ViewHead, looked: LookedAtLog, { nowMs, deep }: TrustCheck): Promise<RebuildReason | null> {
  if (head.format !== VIEW_FORMAT) {
    return { code: 'format', message: `its format is ${head.format}; this version of the reader writes format ${VIEW_FORMAT}` };
  }
  const identity = looked.log.identity?.() ?? null;
  if (identity !== head.log) return { code: 'other-log', message: 'another log lies where the log was' };
  const unfollowedMs = nowMs - head.followedAtMs;
  if (unfollowedMs > MAX_UNFOLLOWED_MS) {
    const hours = Math.round(unfollowedMs / 3_600_000);
    return { code: 'not-followed', message: `nobody followed the log for ${hours} hours: compaction may have removed the trace of a deleted list` };
  }
  return otherLog(head, looked, deep);
}

async function otherLog(head: ViewHead, looked: LookedAtLog, deep: boolean): Promise<RebuildReason | null> {
  const { log } = looked;
  const partitions = new Map(log.topics().map(({ name, partitions: count }) => [name, count]));
  for (const [place, { next, last }] of Object.entries(head.positions)) {
    const at = place.lastIndexOf('/');
    const topic = place.slice(0, at);
    const partition = Number(place.slice(at + 1));
    if (!partitions.has(topic) && isDroppedVersion(head, topic, [...partitions.keys()])) continue;
    if (partition >= (partitions.get(topic) ?? 0)) return replaced(`the log has no ${place} any more`);
    const { end } = log.range(topic, partition);
    if (next > end) return replaced(`the view is at offset ${next} of ${place}, and the log ends at ${end}`);
    if (deep && last !== null && (await isOther(looked, topic, partition, last))) {
      return replaced(`the log has another record at offset ${last.offset} of ${place}`);
    }
  }
  return null;
}

/** Versions of recommendations come and go: as long as there is one, the log is the same. @param topic - physical name */
function isDroppedVersion({ region }: ViewHead, topic: string, present: readonly string[]): boolean {
  const isVersion = (name: string): boolean => name.startsWith(`${region}.`) && isServable(name.slice(region.length + 1));
  return isVersion(topic) && present.some(isVersion);
}

const replaced = (what: string): RebuildReason => ({ code: 'other-log', message: `${what}: the log was replaced` });

/** Compaction may have removed the record; then nothing is known. */
async function isOther({ log, reads }: LookedAtLog, topic: string, partition: number, last: LastRecord): Promise<boolean> {
  if (last.offset < log.range(topic, partition).start) return false;
  const [found] = (await reads.read(topic, partition, last.offset, 1)) ?? [];
  return found?.offset === last.offset && found.appendTimeMs !== last.appendTimeMs;
}
