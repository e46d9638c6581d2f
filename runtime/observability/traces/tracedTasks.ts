import type { Span, Topic, Traces } from '../../../schemas/index.js';
import type { Deployment } from '../../engine/deployment.js';
import { isMarker, readHeader } from '../../engine/header.js';
import type { LogRecord, OutputRecord, Placement, TaskAccess } from '../../ports.js';
import { partitionName } from '../../partitionName.js';
import { wrapped } from '../../replay/wrapped.js';

/** A topic whose records are of learners. */
interface FollowedTopic {
  /** Logical name. */
  readonly name: string;
  /** Event time of a record, ms; `null` where it cannot be told. */
  readonly atMsOf: (record: Pick<LogRecord, 'value' | 'header'>, key: string) => number | null;
  /** Nobody of this project wrote it: the trace begins with it. */
  readonly isSource: boolean;
}

/** A record that a task has read: what it writes next in the same trace follows from it. */
interface SeenRecord {
  readonly spanId: string;
  readonly appendTimeMs: number;
}

/** Traces of which a task remembers what it read. */
const MOST_SEEN = 1_000;

/**
 * Tells traces what tasks read and commit, from outside of the engine: it looks at keys and headers, and decodes source records of followed learners alone.
 * What a task writes is told to follow from what it read last of the same learner and hour, which windows and tables may have kept for a while.
 */
export class TracedTasks {
  private readonly topics = new Map<string, FollowedTopic>();

  /** @param now - wall clock, ms since epoch */
  constructor(
    private readonly traces: Traces,
    private readonly now: () => number = Date.now,
  ) {}

  /** What the topics are of which records are told. */
  know(deployments: readonly Deployment[]): void {
    for (const deployment of deployments) {
      for (const { source, target } of deployment.build().stages) {
        if (source !== undefined && source.internal === undefined) this.add(deployment, source.topic, source.eventTimeMs);
        if (target !== undefined && deployment.internal(target.name) === undefined) this.add(deployment, target);
      }
    }
  }

  /** What the worker is to run over instead. */
  placement(placement: Placement): Placement {
    return wrapped(placement, (access, { name, group }) => {
      const task = new TracedTask(access, { task: name, topology: group }, this.topics, this.traces, this.now);
      return { log: task.log, commit: task.commit };
    });
  }

  private add(deployment: Deployment, topic: Topic<string, unknown>, eventTimeMs?: (value: unknown) => number): void {
    const physical = deployment.physicalName(topic);
    if (topic.keyFields.join() !== 'learner' || this.topics.has(physical)) return;
    const atMsOf: FollowedTopic['atMsOf'] = ({ value, header }, key) => {
      if (eventTimeMs === undefined || value === null) return readHeader(header)?.eventTimeMs ?? null;
      try {
        return eventTimeMs(deployment.codecOf(topic).decode(key, value));
      } catch {
        // It goes to the dead letters, which tell what is wrong with it.
        return null;
      }
    };
    this.topics.set(physical, { name: topic.name, atMsOf, isSource: !topic.derived });
  }
}

class TracedTask {
  private readonly seen = new Map<string, SeenRecord>();
  /** First offset that was not read, by partition: some are read again. */
  private readonly read = new Map<string, number>();

  constructor(
    private readonly access: TaskAccess,
    private readonly names: { readonly task: string; readonly topology: string },
    private readonly topics: ReadonlyMap<string, FollowedTopic>,
    private readonly traces: Traces,
    private readonly now: () => number,
  ) {}

  readonly log: TaskAccess['log'] = {
    range: (topic, partition) => this.access.log.range(topic, partition),
    read: (topic, partition, fromOffset, maxRecords) => {
      const records = this.access.log.read(topic, partition, fromOffset, maxRecords);
      const followed = this.topics.get(topic);
      if (followed !== undefined) this.lookAt(followed, partitionName({ topic, partition }), records);
      return records;
    },
  };

  readonly commit: TaskAccess['commit'] = async (commit, positions) => {
    const startMs = this.now();
    const made = commit.outputs.flatMap((output) => this.madeOf(output, startMs));
    await this.access.commit(commit, positions);
    const endMs = this.now();
    for (const one of made) this.traces.sink({ ...one, endMs: Math.max(one.startMs, endMs) });
  };

  private lookAt(followed: FollowedTopic, partition: string, records: readonly LogRecord[]): void {
    const { identity } = this.traces;
    const next = this.read.get(partition) ?? 0;
    for (const record of records) {
      const key = keyOf(record);
      if (key !== null && record.offset >= next && identity.isFollowed(key)) this.see(followed, record, key);
    }
    const last = records.at(-1);
    if (last !== undefined) this.read.set(partition, Math.max(next, last.offset + 1));
  }

  private see({ name, atMsOf, isSource }: FollowedTopic, record: LogRecord, key: string): void {
    const atMs = atMsOf(record, key);
    if (atMs === null || isMarker(record.header)) return;
    const { identity, sink } = this.traces;
    const { appendTimeMs } = record;
    const traceId = identity.traceId(key, atMs);
    const spanId = identity.spanId(traceId, name, atMs);
    this.seen.delete(traceId);
    this.seen.set(traceId, { spanId, appendTimeMs });
    if (this.seen.size > MOST_SEEN) this.seen.delete(this.seen.keys().next().value!);
    // Every topology that reads a source tells it, under the same id: who sends events need not know of traces.
    if (isSource)
      sink({
        traceId,
        spanId,
        parentId: null,
        name,
        kind: 'producer',
        startMs: appendTimeMs,
        endMs: appendTimeMs,
        attributes: describing(name, atMs),
      });
  }

  private madeOf({ topic, key, value, header }: OutputRecord, commitMs: number): SpanToEnd[] {
    const followed = this.topics.get(topic);
    if (followed === undefined || key === null) return [];
    const learner = key.toString();
    if (!this.traces.identity.isFollowed(learner)) return [];
    const atMs = followed.isSource ? followed.atMsOf({ value, header }, learner) : (readHeader(header)?.eventTimeMs ?? null);
    return atMs === null ? [] : [this.spanOf(followed.name, learner, atMs, commitMs)];
  }

  private spanOf(topic: string, learner: string, atMs: number, commitMs: number): SpanToEnd {
    const { identity } = this.traces;
    const { task, topology } = this.names;
    const traceId = identity.traceId(learner, atMs);
    const from = this.seen.get(traceId);
    return {
      traceId,
      spanId: identity.spanId(traceId, topic, atMs),
      parentId: from?.spanId ?? null,
      name: `${topology} ${topic}`,
      kind: 'consumer',
      startMs: from?.appendTimeMs ?? commitMs,
      attributes: { ...describing(topic, atMs), 'skillforge.topology': topology, 'skillforge.task': task },
    };
  }
}

type SpanToEnd = Omit<Span, 'endMs'>;

const keyOf = ({ key, keyText }: LogRecord): string | null => (keyText === undefined ? (key?.toString() ?? null) : keyText);

const describing = (topic: string, atMs: number): Readonly<Record<string, string>> => ({
  'messaging.destination.name': topic,
  'skillforge.event_time': Math.abs(atMs) <= LAST_DATE_MS ? new Date(atMs).toISOString() : String(atMs),
});

/** Beyond it there are no dates, and events say what they like. */
const LAST_DATE_MS = 8.64e15;
