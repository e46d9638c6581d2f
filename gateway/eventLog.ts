/** A record that the gateway appends. */
export interface LoggedEvent {
  /** Physical name of the topic. */
  readonly topic: string;
  /** The key, from which the log takes the partition: that of Kafka's default partitioner. */
  readonly key: string;
  readonly value: Buffer;
}

/**
 * The log as the gateway writes it: batch by batch, each with its number. What is in the log tells how far this writer is, so that after a
 * crash it is known for each batch whether it is there.
 */
export interface EventLog {
  /** Number of the last batch in the log; 0 before the first. */
  readonly last: number;
  /**
   * Appends all of it and notes the number, or does nothing; durable when it resolves. One call at a time. After an error nobody knows: call
   * {@link EventLog.recover}. @throws SFS_FENCED when another process writes under this name: this one is to end
   */
  append(batch: number, events: readonly LoggedEvent[]): Promise<void>;
  /** After an error: settles what was under way and finds {@link EventLog.last} again. @throws what opening the log throws */
  recover(): Promise<void>;
  close(): Promise<void>;
}
