/** What the reader writes: what was shown, and what learners did with it. A port, because the reader only reads the log that it follows. */
import type { ValueOf, topics } from '../schemas/index.js';

/** Something that goes into the topic `exposures` or `feedback`. */
export type ReaderEvent =
  | { readonly topic: 'exposures'; readonly value: ValueOf<typeof topics.exposures> }
  | { readonly topic: 'feedback'; readonly value: ValueOf<typeof topics.feedback> };

/** Takes events for the topics of a region. */
export interface EventWriter {
  /**
   * Resolves when all of them are durable; after an error some may be, and may be written again: consumers know repeats by `eventId`.
   * @throws SkillForgeError; one that is `retriable` asks the client to come again
   */
  write(events: readonly ReaderEvent[]): Promise<void>;
}
