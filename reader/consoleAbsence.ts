/** What a part of the page says in the place of what it cannot tell now. */

/** Servers that a source may have to do without for a while. */
export const CONSOLE_SERVERS = ['kafka', 'redis', 'schema-registry', 'key-service'] as const;

/** One of {@link CONSOLE_SERVERS}. */
export type ConsoleServer = (typeof CONSOLE_SERVERS)[number];

/** Why there is nothing where something may be. */
export interface Absence {
  /** A sentence for people. */
  readonly absent: string;
  /** The servers that are away, where that is why. */
  readonly away?: readonly ConsoleServer[];
}
