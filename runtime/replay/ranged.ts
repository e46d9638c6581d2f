/** What the replay of a range of event time is shown of the log. */
import type { SourceInput } from '../../operators/stage.js';
import type { Deployment } from '../engine/deployment.js';
import { readHeader } from '../engine/header.js';
import type { LogRecord, Placement, TaskAccess } from '../ports.js';
import type { EventRange } from './replayState.js';
import { wrapped, type TaskWays } from './wrapped.js';

/** Whether a replay takes a record. */
type Wanted = (record: LogRecord) => boolean;

/**
 * The same placement, whose tasks do not see records of other times: streams from {@link EventRange.readFromMs} on, tables from their
 * beginning, both up to the end of the range. What cannot be decoded is seen: it goes to the dead letters, as ever.
 * @param deployment - of the replay
 */
export function ranged(placement: Placement, deployment: Deployment, range: EventRange): Placement {
  const wanted = new Map<string, Wanted>();
  for (const { kind, source } of deployment.build().stages) {
    if (source === undefined || source.internal !== undefined) continue;
    wanted.set(deployment.physicalName(source.topic), wantedOf(deployment, source, { ...range, fromMs: startOf(kind, range) }));
  }
  return wrapped(placement, (access) => rangedTask(access, wanted));
}

/** A table knows what was told before. */
const startOf = (kind: string, { readFromMs }: EventRange): number => (kind === 'source' ? (readFromMs ?? -Infinity) : -Infinity);

function wantedOf(deployment: Deployment, source: SourceInput, { fromMs, toMs }: Pick<EventRange, 'fromMs' | 'toMs'>): Wanted {
  const codec = deployment.codecOf(source.topic);
  const timeOf = ({ key, value, appendTimeMs }: LogRecord, writtenMs: number | undefined): number =>
    value !== null && source.eventTimeMs ? source.eventTimeMs(codec.decode(key?.toString() ?? '', value)) : (writtenMs ?? appendTimeMs);
  return (record) => {
    const header = readHeader(record.header);
    // A marker from behind the range would make late what the range has late.
    if (header?.marker) return header.end || header.watermarkMs < toMs;
    try {
      const timeMs = timeOf(record, header?.eventTimeMs);
      return !(timeMs < fromMs || timeMs >= toMs);
    } catch {
      return true;
    }
  };
}

function rangedTask(access: TaskAccess, wanted: ReadonlyMap<string, Wanted>): TaskWays {
  return {
    log: {
      range: (topic, partition) => access.log.range(topic, partition),
      read: (topic, partition, from, most) => readWanted(access.log, { topic, partition, from, most }, wanted.get(topic) ?? (() => true)),
    },
  };
}

interface Reading {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly most: number;
}

/** None only where none is left up to the end, as of every log. */
function readWanted(log: TaskAccess['log'], { topic, partition, from, most }: Reading, isWanted: Wanted): LogRecord[] {
  for (let next = from; ;) {
    const records = log.read(topic, partition, next, most);
    const last = records.at(-1);
    if (last === undefined) return [];
    const kept = records.filter(isWanted);
    if (kept.length > 0) return kept;
    next = last.offset + 1;
    if (next >= log.range(topic, partition).end) return [];
  }
}
