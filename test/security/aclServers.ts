/** A Kafka and a Redis that know the users of a region and their rules, as `skillforge deploy acls` writes them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { type AclEntry, AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { describe as graphOf } from '../../operators/graph.js';
import type { Broker } from '../../runtime/kafka/broker.js';
import { openRedis, openRedisHomes, type RedisHomes, type RedisState } from '../../runtime/redis/index.js';
import { KNOWN_SECRET } from '../../scripts/checks/knownSecret.js';
import { kafkaRules, type KafkaOperation, type KafkaResource, type KafkaRule, type WorkerGroup } from '../../scripts/deploy/kafkaRules.js';
import { redisAclFile, redisUsers } from '../../scripts/deploy/redisRules.js';
import { redisProgram } from '../../scripts/services/artifacts.js';
import { withFreePorts } from '../../scripts/services/freePorts.js';
import { redisCommand } from '../../scripts/services/redisCommand.js';
import { startServer, type Server } from '../../scripts/services/serverProcess.js';
import { Watchdog } from '../../scripts/services/watchdog.js';
import curricula from '../../topologies/curricula.js';
import learnerActivity from '../../topologies/learner-activity.js';
import { openFor } from '../integration/kafka/fixtures.js';
import { USER, startSecuredKafka, type SecuredKafka } from '../integration/kafka/securedKafka.js';

export const REGION = 'eu-west';
const WORKERS: readonly WorkerGroup[] = [curricula, learnerActivity].map((topology) => ({ name: topology.name, graphs: [graphOf(topology)] }));
const ROLES = [
  'worker.curricula',
  'worker.learner-activity',
  'reader',
  'reader-events',
  'reader-console',
  'gateway',
  'homes',
  'trainer',
  'exporter',
  'operator',
];

const passwordOf = (role: string): string => `of-${role}-${KNOWN_SECRET}`;
const users = Object.fromEntries(ROLES.map((role) => [`${REGION}.${role}`, passwordOf(role)]));

/** Both servers. */
export class AclServers {
  private readonly open: { close(): Promise<void> }[] = [];

  private constructor(
    private readonly kafka: SecuredKafka,
    private readonly redis: Server,
    private readonly watchdog: Watchdog,
  ) {}

  /** @throws SFS_SERVICE_MISSING */
  static async start(): Promise<AclServers> {
    const kafka = await startSecuredKafka({
      users,
      settings: {
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'allow.everyone.if.no.acl.found': false,
        // The broker itself speaks on listeners without users; nobody else reaches them.
        'super.users': `User:ANONYMOUS;User:${USER.username}`,
      },
    });
    const folder = mkdtempSync(join(tmpdir(), 'skillforge-acl-'));
    const watchdog = new Watchdog(folder);
    try {
      await setRules(kafka, kafkaRules(REGION, WORKERS));
      return new AclServers(kafka, await startRedis(folder, watchdog), watchdog);
    } catch (error) {
      await kafka.close();
      await watchdog.close();
      throw error;
    }
  }

  /** The Kafka that a user sees. */
  async brokerOf(role: string): Promise<Broker> {
    const broker = await openFor('confluent', this.kafka.address, {
      tls: { ca: this.kafka.ca },
      sasl: { mechanism: 'scram-sha-256', username: `${REGION}.${role}`, password: passwordOf(role) },
      requestTimeoutMs: 15_000,
    });
    this.open.push(broker);
    return broker;
  }

  /** The state that a user sees. */
  async stateOf(role: string): Promise<RedisState> {
    const state = await openRedis({
      host: '127.0.0.1',
      port: this.redis.port,
      username: `${REGION}.${role}`,
      password: passwordOf(role),
      region: REGION,
    });
    this.open.push(state);
    return state;
  }

  /** The register of homes that a user sees. */
  async homesOf(role: string): Promise<RedisHomes> {
    const homes = await openRedisHomes({ host: '127.0.0.1', port: this.redis.port, username: `${REGION}.${role}`, password: passwordOf(role) });
    this.open.push(homes);
    return homes;
  }

  /** What Redis answers to a command of a user, as it stands on the wire; of nobody where no role is given. */
  async answer(role: string | null, ...words: readonly string[]): Promise<string> {
    const login = role === null ? [] : ['AUTH', `${REGION}.${role}`, `${passwordOf(role)}\r\n`];
    return (await redisCommand(this.redis.port, [...login, ...words])) ?? '';
  }

  async close(): Promise<void> {
    for (const one of this.open.splice(0).reverse()) await one.close().catch(() => undefined);
    await this.redis.kill();
    await this.watchdog.close();
    await this.kafka.close();
  }
}

const startRedis = async (folder: string, watchdog: Watchdog): Promise<Server> => {
  const program = await redisProgram(() => undefined);
  const file = join(folder, 'users.acl');
  writeFileSync(file, redisAclFile(redisUsers(REGION, WORKERS), new Map(Object.entries(users))));
  return withFreePorts(1, ([port]) =>
    startServer(
      { folder, watchdog, report: () => undefined, onCrash: () => undefined },
      {
        name: 'redis-acl',
        port: port!,
        program,
        args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--aclfile', file],
        folder,
        // Who is nobody may not even ask.
        isReady: async () => (await redisCommand(port!, ['PING']))?.startsWith('-NOAUTH') ?? false,
      },
    ),
  );
};

const RESOURCES: Readonly<Record<KafkaResource, AclResourceTypes>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional-id': AclResourceTypes.TRANSACTIONAL_ID,
};
const OPERATIONS: Readonly<Record<KafkaOperation, AclOperationTypes>> = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Create: AclOperationTypes.CREATE,
  Describe: AclOperationTypes.DESCRIBE,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  Delete: AclOperationTypes.DELETE,
  Alter: AclOperationTypes.ALTER,
  AlterConfigs: AclOperationTypes.ALTER_CONFIGS,
};

async function setRules(kafka: SecuredKafka, rules: readonly KafkaRule[]): Promise<void> {
  const acl: AclEntry[] = rules.flatMap(({ principal, resource, name, pattern, operations }) =>
    operations.map((operation) => ({
      principal,
      host: '*',
      resourceType: RESOURCES[resource],
      resourceName: name,
      resourcePatternType: pattern === 'literal' ? ResourcePatternTypes.LITERAL : ResourcePatternTypes.PREFIXED,
      operation: OPERATIONS[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  );
  const client = new kafkajs.Kafka({
    brokers: [kafka.address],
    ssl: { ca: [kafka.ca] },
    sasl: { mechanism: 'scram-sha-256', ...USER },
    logLevel: kafkajs.logLevel.NOTHING,
  });
  const admin = client.admin();
  await admin.connect();
  try {
    await admin.createAcls({ acl });
  } finally {
    await admin.disconnect();
  }
}
