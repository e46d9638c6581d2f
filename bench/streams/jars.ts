/** The Java side: jars from Maven Central, and the program compiled against them; both are kept for the next run. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import { classPathOf, dependency, VERSIONS, type Libraries } from '../../scripts/services/artifacts.js';
import { cached } from '../../scripts/services/cache.js';
import { requireJava } from '../../scripts/services/java.js';
import { runProgram } from '../../scripts/services/programs.js';
import { progress } from '../report.js';

const SOURCE = join(import.meta.dirname, 'ClickWindows.java');

const STREAMS: Libraries = {
  folder: `kafka-streams-${VERSIONS.kafka}`,
  title: `Kafka Streams ${VERSIONS.kafka} with RocksDB (90 MB, once)`,
  dependencies: [dependency('org.apache.kafka', 'kafka-streams', VERSIONS.kafka)],
};

/** A Java program that can be started. */
export interface JavaProgram {
  readonly java: string;
  readonly classPath: string;
}

/** The peer, fetched and compiled where that is still to be done. @throws SFS_SERVICE_MISSING */
export async function peerProgram(): Promise<JavaProgram> {
  const java = requireJava('Kafka Streams');
  const jars = await classPathOf(STREAMS, progress);
  const digest = createHash('sha256')
    .update(await readFile(SOURCE))
    .digest('hex')
    .slice(0, 12);
  const classes = await cached(`streams-peer-${VERSIONS.kafka}-${digest}`, (target) => compile(java, jars, target));
  return { java, classPath: `${classes}:${jars}` };
}

async function compile(java: string, jars: string, target: string): Promise<void> {
  const { ok, output } = await runProgram(join(dirname(java), 'javac'), ['-cp', jars, '-d', target, SOURCE]);
  if (!ok) throw new SkillForgeError('SFS_SERVICE_MISSING', `the Java compiler, of the same JDK as ${java}, could not compile ${SOURCE}: ${output}`);
}
