/** `skillforge deploy acls`. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { describe } from '../../operators/graph.js';
import { assertRegion, errorMessageOf } from '../../schemas/index.js';
import { DEFAULT_PREFIX } from '../../runtime/redis/index.js';
import { kafkaRules, kafkaScript, type WorkerGroup } from '../deploy/kafkaRules.js';
import { redisAclFile, redisUsers } from '../deploy/redisRules.js';
import { findTopologyFile, loadTopology, topologyFiles } from '../topologyFiles.js';
import { usageError } from './failures.js';
import { nameList, plainCommand, regionOption, type PlainOptions } from './options.js';
import { print, printJson, tableText } from './output.js';

interface AclOptions extends PlainOptions {
  readonly region: string;
  readonly format?: 'kafka' | 'redis';
  readonly worker?: readonly Workers[];
  readonly keyPrefix: string;
  readonly passwords?: string;
}

/** The name of some workers, and the topologies that they run. */
interface Workers {
  readonly name: string;
  readonly topologies: readonly string[];
}

const DESCRIPTION = `Writes who may do what in a region, on Kafka and on Redis, from the graphs of the topologies: each worker reads the sources of its topologies,
writes their results and has their state; readers read; the gateway writes events; the operator may do everything in the region. What no rule
allows is denied.

Every topology has a user of its own, unless --worker names workers that run several. --format kafka prints a script of calls of kafka-acls.sh,
--format redis an ACL file, --json both as data. Users of Redis are off until --passwords names a JSON file of passwords by user; the ACL file
holds their SHA-256 alone. Kafka's users are made by its own tools.`;

/** Writes the rules of a region. */
export function deployAclsCommand(): Command {
  return plainCommand('acls [topology...]', 'write who may do what on Kafka and Redis', DESCRIPTION, [
    'skillforge deploy acls --format kafka > kafka-acls.sh',
    'skillforge deploy acls --format redis --passwords passwords.json > users.acl',
    'skillforge deploy acls --worker lists=recommendations,segment-lists --json',
  ])
    .addOption(regionOption())
    .addOption(new Option('--format <server>', 'for which server').choices(['kafka', 'redis']))
    .option('--worker <name=topologies>', 'workers that run several topologies, with commas between; may be given again', workers)
    .option('--key-prefix <text>', 'what all keys of Redis begin with', DEFAULT_PREFIX)
    .option('--passwords <file>', 'JSON file of passwords, by user of Redis')
    .action(write);
}

function workers(text: string, before: readonly Workers[] = []): readonly Workers[] {
  const [name, listed] = text.split('=');
  if (!/^[a-z][a-z0-9-]*$/.test(name ?? '') || !listed)
    throw new InvalidArgumentError('Give a name and topologies, such as lists=recommendations,segment-lists.');
  return [...before, { name: name!, topologies: nameList(listed) }];
}

async function write(names: readonly string[], options: AclOptions): Promise<void> {
  const { region, format, keyPrefix, passwords, json } = options;
  assertRegion(region);
  const groups = await groupsOf(names, options.worker ?? []);
  const kafka = kafkaRules(region, groups);
  const redis = redisUsers(region, groups, keyPrefix);
  if (json) printJson({ region, kafka, redis });
  else if (format === 'kafka') process.stdout.write(kafkaScript(region, kafka));
  else if (format === 'redis') process.stdout.write(redisAclFile(redis, passwords === undefined ? undefined : passwordsIn(passwords)));
  else {
    const rows = kafka.map(({ principal, resource, name, pattern, operations }) => [
      principal,
      resource,
      pattern === 'literal' ? name : `${name}*`,
      operations.join(', '),
    ]);
    print(tableText(['principal', 'resource', 'name', 'may'], rows));
  }
}

/** Each topology by itself, but for those that workers share. */
async function groupsOf(names: readonly string[], shared: readonly Workers[]): Promise<WorkerGroup[]> {
  const grouped = new Set(shared.flatMap(({ topologies }) => topologies));
  const folder = process.cwd();
  const asked = names.length > 0 ? names : shared.length > 0 ? [] : topologyFiles(folder).map(({ name }) => name);
  const alone = asked.filter((name) => !grouped.has(name)).map((name) => ({ name, topologies: [name] }));
  const groups: WorkerGroup[] = [];
  for (const { topologies } of [...shared, ...alone]) {
    const graphs = [];
    for (const name of topologies) graphs.push(describe(await loadTopology(findTopologyFile(name, folder))));
    const own = shared.find((one) => one.topologies === topologies);
    groups.push({ name: own?.name ?? graphs[0]!.name, graphs });
  }
  return groups;
}

/** The message names the file alone. @throws SFS_USAGE */
function passwordsIn(path: string): ReadonlyMap<string, string> {
  try {
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const entries = Object.entries(kept);
    if (entries.some(([, password]) => typeof password !== 'string' || password.length < 12))
      throw new Error('a password has fewer than 12 characters');
    return new Map(entries as [string, string][]);
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'it is no JSON' : errorMessageOf(cause);
    throw usageError(`${path} is no file of passwords by user: ${reason}`);
  }
}
