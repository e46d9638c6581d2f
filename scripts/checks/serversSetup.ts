/** Gets the servers that tests start: Java, Kafka, a Redis, a schema registry. */
import { errorMessageOf } from '../../schemas/index.js';
import { kafkaClassPath, redisProgram, registryJar } from '../services/artifacts.js';
import { findJava, requireJava } from '../services/java.js';
import { findProgram } from '../services/programs.js';
import { installPackages } from './debianSetup.js';

type Fetch = () => string | Promise<string>;

const report = (line: string): void => console.log(line);

/** What there is to get, in order: Maven runs on Java, and brings the two after it. */
const PARTS: readonly (readonly [name: string, get: Fetch])[] = [
  ['java', () => requireJava('a test against Kafka or the registry')],
  ['redis', () => redisProgram(report)],
  ['kafka', () => kafkaClassPath(report)],
  ['registry', () => registryJar(report)],
];

/** Always 0: a server that cannot be had is no failure, its tests are skipped and say so. */
export async function setUpServers(): Promise<number> {
  const missing = [
    ...(findJava() === null ? ['default-jre-headless'] : []),
    ...(findProgram(['mvn']) === null ? ['maven'] : []),
    ...(findProgram(['redis-server', 'valkey-server']) === null ? ['redis-server'] : []),
  ];
  if (missing.length > 0) installPackages(missing);
  for (const [name, get] of PARTS) await tell(name, get);
  return 0;
}

async function tell(name: string, get: Fetch): Promise<void> {
  try {
    console.log(`${name}: ${await get()}`);
  } catch (error) {
    console.error(`${name} is missing, its tests are skipped: ${errorMessageOf(error)}`);
  }
}
