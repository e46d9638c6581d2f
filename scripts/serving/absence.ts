/** What the page says in the place of what servers cannot tell it now. */
import type { Absence, ConsoleServer } from '../../reader/consoleSource.js';
import { errorCodeOf, type ErrorCode } from '../../schemas/index.js';
import type { AwayServers } from './pageServers.js';

const NAMES: Readonly<Record<ConsoleServer, string>> = {
  kafka: 'Kafka',
  redis: 'Redis',
  'schema-registry': 'the schema registry',
  'key-service': 'the key service',
};

/** Whose failure a code is; others name no server. */
const SERVER_OF: Partial<Record<ErrorCode, ConsoleServer>> = {
  SFS_BROKER_UNAVAILABLE: 'kafka',
  SFS_BROKER_REFUSED: 'kafka',
  SFS_BROKER_FAILED: 'kafka',
  SFS_STATE_UNAVAILABLE: 'redis',
  SFS_STATE_REFUSED: 'redis',
  SFS_REGISTRY_UNAVAILABLE: 'schema-registry',
  SFS_KEYS_UNAVAILABLE: 'key-service',
};

/** While servers are away. @param servers - at least one */
export function absenceOf(servers: AwayServers): Required<Absence> {
  const said = [...servers].map(([server, trouble]) => `${NAMES[server]} is away (${trouble})`);
  return { absent: `Not to be had now: ${said.join(', ')}.`, away: [...servers.keys()] };
}

/** After a question that failed: it names the server whose failure it was. */
export function absenceAfter(error: unknown): Absence {
  const code = errorCodeOf(error);
  const server = SERVER_OF[code];
  return server === undefined ? { absent: `Not to be had now (${code}).` } : absenceOf(new Map([[server, code]]));
}

/** While a search goes on. @param waitedMs - for so long */
export const notYet = (waitedMs: number): Absence => ({
  absent: `Not to be had yet: looking for it takes longer than ${Math.ceil(waitedMs / 1_000)} s, and goes on. Ask again.`,
});
