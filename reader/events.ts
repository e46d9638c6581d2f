/** What the reader writes: what was shown, and what learners did with it. Ports, because the reader only reads the log that it follows. */
import type { ValueOf, topics } from '../schemas/index.js';

/** Something that goes into the topic `exposures` or `feedback`. */
export type ReaderEvent =
  | { readonly topic: 'exposures'; readonly value: ValueOf<typeof topics.exposures> }
  | { readonly topic: 'feedback'; readonly value: ValueOf<typeof topics.feedback> };

/** Where events are when they are durable: in the log, or on the disk of this reader, from where they will get into the log. */
export type EventPlace = 'log' | 'outbox';

/** Takes events for the topics of a region. */
export interface EventWriter {
  /**
   * Resolves when all of them are durable; after an error some may be, and may be written again: consumers know repeats by `eventId`.
   * @throws SkillForgeError; one that is `retriable` asks the client to come again
   */
  write(events: readonly ReaderEvent[]): Promise<EventPlace>;
}

/** The topics of a region, as an outbox writes them. */
export interface EventLog {
  /**
   * Takes a name over: whoever wrote under it before writes no more, and all that they wrote counts in {@link NumberedLog.last}.
   * @throws what opening the log throws, while it is away too
   */
  open(name: string): Promise<NumberedLog>;
}

/** The log under one name: events go in with a number, so that after a crash the log itself tells which are there. */
export interface NumberedLog {
  /** The number that was appended last; 0 before the first. */
  readonly last: number;
  /**
   * Appends all of it and the number, or nothing; durable when it resolves. One call at a time. After an error nobody knows: open it again.
   * @throws SFS_FENCED when another process has the name by now
   */
  append(number: number, events: readonly ReaderEvent[]): Promise<void>;
  close(): Promise<void>;
}
