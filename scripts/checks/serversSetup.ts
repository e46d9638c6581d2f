/** Gets the servers that tests start: Java, Kafka, a Redis, a schema registry. */
import { errorMessageOf } from '../../schemas/index.js';
import { kafkaClassPath, redisProgram, registryJar } from '../services/artifacts.js';
import { findJava, requireJava } from '../services/java.js';
import { findProgram } from '../services/programs.js';

type Report = (line: string) => void;
type Fetch = (report: Report) => string | Promise<string>;

/** What there is to get, in order: Maven runs on Java, and brings the two after it. */
const PARTS: readonly (readonly [name: string, get: Fetch])[] = [
  ['java', () => requireJava('a test against Kafka or the registry')],
  ['redis', redisProgram],
  ['kafka', kafkaClassPath],
  ['registry', registryJar],
];

/** The Debian packages that are missing. */
export const missingServers = (): readonly string[] => [
  ...(findJava() === null ? ['default-jre-headless'] : []),
  ...(findProgram(['mvn']) === null ? ['maven'] : []),
  ...(findProgram(['redis-server', 'valkey-server']) === null ? ['redis-server'] : []),
];

/** Always 0: a server that cannot be had is no failure, its tests are skipped and say so. */
export async function setUpServers(report: Report): Promise<0> {
  for (const [name, get] of PARTS) report(await answerOf(name, () => get(report)));
  return 0;
}

async function answerOf(name: string, get: () => string | Promise<string>): Promise<string> {
  try {
    return `${name} is ${await get()}`;
  } catch (error) {
    return `${name} is missing, its tests are skipped: ${errorMessageOf(error)}`;
  }
}
