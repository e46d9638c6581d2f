/** When a broker will have removed what lies in a topic, by what it is configured to do. */
import type { Admin } from '../../../runtime/kafka/index.js';
import type { TopicSpec } from '../../../runtime/ports.js';

/** When nothing of a learner will be left in a topic. */
export interface TopicRemains {
  readonly topic: string;
  readonly cleanup: string;
  /** ms since epoch by which what lies in it now is gone; `null` where the topic keeps for ever. */
  readonly goneByMs: number | null;
  /** The settings that this was computed from, as the broker told them. */
  readonly settings: Readonly<Record<string, string>>;
}

const CLEANUP = 'cleanup.policy';
const RETENTION = 'retention.ms';
const SEGMENT = 'segment.ms';
const COMPACTION_LAG = 'max.compaction.lag.ms';
const TOMBSTONES = 'delete.retention.ms';
/** What is asked of a broker. */
export const REMAINS_SETTINGS = [CLEANUP, RETENTION, SEGMENT, COMPACTION_LAG, TOMBSTONES];
/** The largest number of Java stands for never. */
const NEVER = 9_000_000_000_000_000;

/** Of each topic. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
export async function topicRemains(admin: Admin, topics: readonly TopicSpec[], nowMs: number): Promise<TopicRemains[]> {
  const settings = await admin.settings(
    topics.map(({ name }) => name),
    REMAINS_SETTINGS,
  );
  return topics
    .map(({ name }) => remainsOf(name, settings.get(name) ?? new Map<string, string>(), nowMs))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

/**
 * A segment that is written to is rolled after `segment.ms` at the latest, and deleted `retention.ms` after its last record; in a compacted topic what a tombstone outdates is gone `max.compaction.lag.ms`
 * after it, and the tombstone itself `delete.retention.ms` and another compaction later.
 */
export function remainsOf(topic: string, settings: ReadonlyMap<string, string>, nowMs: number): TopicRemains {
  const cleanup = settings.get(CLEANUP) ?? 'delete';
  const ms = (name: string): number => Number(settings.get(name) ?? NaN);
  const afterMs = [
    ...(cleanup.split(',').includes('compact') ? [2 * ms(COMPACTION_LAG) + ms(TOMBSTONES)] : []),
    ...(cleanup.split(',').includes('delete') && ms(RETENTION) >= 0 ? [ms(RETENTION) + ms(SEGMENT)] : []),
  ].filter((one) => one < NEVER);
  return { topic, cleanup, goneByMs: afterMs.length === 0 ? null : nowMs + Math.min(...afterMs), settings: Object.fromEntries(settings) };
}
