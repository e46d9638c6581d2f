import { createHmac } from 'node:crypto';
import { SkillForgeError } from './errors.js';
import { textHash } from './textHash.js';

/** What a span is of, as OpenTelemetry calls it: a record that was put in, work on records, an answer. */
export type SpanKind = 'producer' | 'consumer' | 'server';

/** Something that was done for one learner, from when to when. It names no learner. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** What it follows from; `null` where nothing is known. */
  readonly parentId: string | null;
  readonly name: string;
  readonly kind: SpanKind;
  /** Wall clock, ms since epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Takes spans, and does not hold up whoever gives them. */
export type SpanSink = (span: Span) => void;

/** Where spans get their ids from, and where they go. */
export interface Traces {
  readonly identity: TraceIdentity;
  readonly sink: SpanSink;
}

const HOUR_MS = 3_600_000;
const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
/** What is shorter could be tried out. */
const LEAST_KEY = 16;

/**
 * Ids of traces and spans, which every process computes by itself: a trace is an hour of event time of one learner, a span a record of that hour by its topic
 * and time. So nothing has to be carried through windows and tables, a replay has the same ids, and no record is any larger. They are keyed hashes: without
 * the key nobody can tell whose they are.
 */
export class TraceIdentity {
  private readonly below: number;

  /**
   * @param key - secret, the same for all processes of a region
   * @param share - of the learners who are followed, in (0, 1]: the same ones in every process
   * @throws SFS_TRACES_INVALID
   */
  constructor(
    private readonly key: string,
    share: number,
  ) {
    if (key.length < LEAST_KEY)
      throw new SkillForgeError('SFS_TRACES_INVALID', `the key of traces has ${key.length} characters; ${LEAST_KEY} are the least`);
    if (!(share > 0 && share <= 1))
      throw new SkillForgeError('SFS_TRACES_INVALID', `the share of learners that are traced is ${share}, not in (0, 1]`);
    this.below = share * 2 ** 32;
  }

  /** Whether a learner is followed: cheap, as it is asked for each record. */
  isFollowed(learner: string): boolean {
    return textHash(learner) < this.below;
  }

  /** @param atMs - event time */
  traceId(learner: string, atMs: number): string {
    return this.digits(`trace|${Math.floor(atMs / HOUR_MS)}|${learner}`, TRACE_DIGITS);
  }

  /** The span of a record. @param topic - logical name; @param atMs - event time */
  spanId(traceId: string, topic: string, atMs: number): string {
    return this.digits(`span|${traceId}|${topic}|${atMs}`, SPAN_DIGITS);
  }

  private digits(text: string, count: number): string {
    return createHmac('sha256', this.key).update(text).digest('hex').slice(0, count);
  }
}
