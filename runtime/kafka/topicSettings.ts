/** A {@link TopicSpec} as settings of a Kafka topic, and back. */
import { SkillForgeError } from '../../schemas/index.js';
import type { TopicSpec } from '../ports.js';

const CLEANUP = 'cleanup.policy';
const RETENTION = 'retention.ms';
/** {@link LogRecord.appendTimeMs} is the log's time: that of a producer would do for none of its uses. */
const TIMESTAMP = 'message.timestamp.type';
const LOG_APPEND_TIME = 'LogAppendTime';
/** A value that was overwritten or erased is gone after so long at most; by default it stays while its segment is in use. */
const COMPACTION_LAG_MS = 24 * 3_600_000;
const FOR_EVER = '-1';
/** Of one record with what the broker adds: a producer sends as much as any topic is made for. */
export const MOST_RECORD_BYTES = 2 * 1024 * 1024;

/** The settings that {@link specOf} reads. */
export const READ_SETTINGS = [CLEANUP, RETENTION, TIMESTAMP];

/** The settings to create a topic with. */
export function settingsOf(spec: TopicSpec): Readonly<Record<string, string>> {
  const { mostRecordBytes } = spec;
  const size = mostRecordBytes === undefined ? {} : { 'max.message.bytes': String(Math.min(mostRecordBytes, MOST_RECORD_BYTES)) };
  const common = { [CLEANUP]: spec.cleanup, [TIMESTAMP]: LOG_APPEND_TIME, ...size };
  return spec.cleanup === 'compact'
    ? { ...common, 'max.compaction.lag.ms': String(COMPACTION_LAG_MS) }
    : { ...common, [RETENTION]: spec.retentionMs === null ? FOR_EVER : String(spec.retentionMs) };
}

/** A topic as it is. A compacted topic keeps for ever, whatever its retention says, unless it is deleted from as well. */
export function specOf(name: string, partitions: number, settings: ReadonlyMap<string, string>): TopicSpec {
  const policies = (settings.get(CLEANUP) ?? 'delete').split(',');
  const retention = settings.get(RETENTION) ?? FOR_EVER;
  const deletes = policies.includes('delete');
  return {
    name,
    partitions,
    cleanup: policies.includes('compact') ? 'compact' : 'delete',
    retentionMs: !deletes || retention === FOR_EVER ? null : Number(retention),
  };
}

/** Refuses a topic that is there with other settings than declared. @throws SFS_TOPIC_MISMATCH */
export function assertSame(wanted: TopicSpec, partitions: number, settings: ReadonlyMap<string, string>): void {
  const found = specOf(wanted.name, partitions, settings);
  const differing = (['partitions', 'cleanup', 'retentionMs'] as const)
    .filter((name) => found[name] !== wanted[name])
    .map((name) => `${name} is ${found[name]}, not ${wanted[name]}`);
  if (settings.get(TIMESTAMP) !== LOG_APPEND_TIME) differing.push(`${TIMESTAMP} is ${settings.get(TIMESTAMP)}, not ${LOG_APPEND_TIME}`);
  if (differing.length === 0) return;
  throw new SkillForgeError('SFS_TOPIC_MISMATCH', `topic ${wanted.name} exists with other settings: ${differing.join('; ')}`, {
    context: { topic: wanted.name, differing },
  });
}
