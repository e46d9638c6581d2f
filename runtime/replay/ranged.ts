/** What the replay of a range of event time is shown of the log. */
import type { SourceInput } from '../../operators/stage.js';
import type { Deployment } from '../engine/deployment.js';
import { readHeader } from '../engine/header.js';
import type { LogRecord, PartitionRange, Placement, TaskAccess } from '../ports.js';
import type { EventRange, SourceEnds } from './replayState.js';
import { wrapped, type TaskWays } from './wrapped.js';

/** Whether a replay takes a record. */
type Wanted = (record: LogRecord) => boolean;

/**
 * The same placement, whose tasks do not see records of other times: streams from {@link EventRange.readFromMs} on, tables from their
 * beginning, both up to the end of the range. What cannot be decoded is seen: it goes to the dead letters, as ever.
 * @param deployment - of the replay
 * @param ends - where its sources end for it, so that all tasks see the same, whenever they are opened; where they end in the log without
 */
export function ranged(placement: Placement, deployment: Deployment, range: EventRange, ends: SourceEnds = {}): Placement {
  const wanted = new Map<string, Wanted>();
  for (const { kind, source } of deployment.build().stages) {
    if (source === undefined || source.internal !== undefined) continue;
    wanted.set(deployment.physicalName(source.topic), wantedOf(deployment, source, { ...range, fromMs: startOf(kind, range) }));
  }
  return wrapped(placement, (access) => rangedTask(access, wanted, ends));
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

function rangedTask(access: TaskAccess, wanted: ReadonlyMap<string, Wanted>, ends: SourceEnds): TaskWays {
  const log = boundedLog(access.log, ends);
  return {
    log: {
      range: log.range,
      read: (topic, partition, from, most) => readWanted(log, { topic, partition, from, most }, wanted.get(topic) ?? (() => true)),
    },
    ...(access.ends === undefined ? {} : { ends: boundedEnds(access.ends, ends) }),
  };
}

/** Where a source ends: of a topic that was not there then, nothing is seen. */
const endIn = (ends: SourceEnds, topic: string, partition: number): number => (topic in ends ? (ends[topic]![partition] ?? 0) : Infinity);

/** What a task has to wait for, and no more. */
function boundedEnds(known: ReadonlyMap<string, number>, ends: SourceEnds): ReadonlyMap<string, number> {
  const bounded = ([name, end]: [string, number]): [string, number] => {
    const at = name.lastIndexOf('/');
    return [name, Math.min(end, endIn(ends, name.slice(0, at), Number(name.slice(at + 1))))];
  };
  return new Map([...known].map(bounded));
}

/** A log whose sources end there. */
function boundedLog(log: TaskAccess['log'], ends: SourceEnds): TaskAccess['log'] {
  return {
    range: (topic, partition): PartitionRange => {
      const { start, end } = log.range(topic, partition);
      return { start, end: Math.max(start, Math.min(end, endIn(ends, topic, partition))) };
    },
    read: (topic, partition, from, most) => log.read(topic, partition, from, most).filter(({ offset }) => offset < endIn(ends, topic, partition)),
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
