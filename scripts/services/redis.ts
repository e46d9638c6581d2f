/** Redis as processes of this machine: alone, with a replica, or as a cluster. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError } from '../../schemas/index.js';
import { redisProgram } from './artifacts.js';
import { HOST, withFreePorts } from './freePorts.js';
import { redisCommand } from './redisCommand.js';
import { startServer, startTogether, type Server, type ServerHost } from './serverProcess.js';

/** One server; a primary and its replica; or a Redis Cluster of three primaries without replicas. */
export type RedisLayout = 'single' | 'replicated' | 'cluster';

/** What kind of Redis is started. */
export interface RedisOptions {
  readonly layout: RedisLayout;
  /** Keeps writes in an append-only file (written at once, synced every second), so that they outlive a killed process. By default nothing does. */
  readonly appendOnly: boolean;
}

/** A running Redis. */
export interface Redis {
  readonly layout: RedisLayout;
  /** Of the primary, or of the first node of a cluster: `redis://127.0.0.1:16379`. */
  readonly url: string;
  /** The primary first; the nodes of a cluster in the order of their slots. */
  readonly servers: readonly Server[];
}

const SLOTS = 16_384;
const NODES = 3;
const SETTLE_LIMIT_MS = 120_000;
const LOOK_MS = 50;

interface Plan extends RedisOptions {
  readonly program: string;
}

/** Starts a Redis. @throws SFS_SERVICE_MISSING, SFS_SERVICE_FAILED */
export async function startRedis(host: ServerHost, options: RedisOptions): Promise<Redis> {
  const plan: Plan = { ...options, program: await redisProgram(host.report) };
  host.report(`starting Redis (${options.layout})`);
  const servers = await STARTS[options.layout](host, plan);
  return { layout: options.layout, url: `redis://${servers[0]!.address}`, servers };
}

const STARTS: Readonly<Record<RedisLayout, (host: ServerHost, plan: Plan) => Promise<Server[]>>> = {
  single: async (host, plan) => [await startAlone(host, plan, 'redis')],
  replicated: startReplicated,
  cluster: (host, plan) => withFreePorts(2 * NODES, (ports) => startCluster(host, plan, ports)),
};

const startAlone = (host: ServerHost, plan: Plan, name: string, settings: readonly string[] = []): Promise<Server> =>
  withFreePorts(1, ([port]) => startOn(port!, host, plan, { name, settings }));

async function startReplicated(host: ServerHost, plan: Plan): Promise<Server[]> {
  const primary = await startAlone(host, plan, 'redis-primary', ['--repl-diskless-sync-delay', '0']);
  const replica = await startAlone(host, plan, 'redis-replica', ['--replicaof', HOST, String(primary.port)]);
  await answered(replica.port, ['INFO', 'replication'], 'master_link_status:up');
  return [primary, replica];
}

async function startCluster(host: ServerHost, plan: Plan, ports: readonly number[]): Promise<Server[]> {
  const busPorts = ports.slice(NODES);
  const settings = (index: number): string[] => ['--cluster-enabled', 'yes', '--cluster-port', String(busPorts[index]!)];
  const servers = await startTogether(
    ports.slice(0, NODES).map((port, index) => startOn(port, host, plan, { name: `redis-${index + 1}`, settings: settings(index) })),
  );
  for (const [index, { port }] of servers.entries()) {
    await answered(port, ['CLUSTER', 'ADDSLOTSRANGE', ...slotsOf(index)], '+OK');
    // Nodes with equal epochs would settle first who is newer.
    await answered(port, ['CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1)], '+OK');
  }
  const [first, ...others] = servers;
  for (const index of others.keys()) {
    await answered(first!.port, ['CLUSTER', 'MEET', HOST, String(others[index]!.port), String(busPorts[index + 1]!)], '+OK');
  }
  for (const { port } of servers) await answered(port, ['CLUSTER', 'INFO'], 'cluster_state:ok', `cluster_known_nodes:${NODES}`);
  return servers;
}

/** First and last slot of a node. */
function slotsOf(index: number): [first: string, last: string] {
  const share = Math.ceil(SLOTS / NODES);
  return [String(index * share), String(Math.min(SLOTS, (index + 1) * share) - 1)];
}

interface OneRedis {
  readonly name: string;
  readonly settings: readonly string[];
}

async function startOn(port: number, host: ServerHost, { program, appendOnly }: Plan, { name, settings }: OneRedis): Promise<Server> {
  const folder = join(host.folder, name);
  await mkdir(folder, { recursive: true });
  const common = ['--port', String(port), '--bind', HOST, '--save', '', '--appendonly', appendOnly ? 'yes' : 'no'];
  return startServer(host, {
    name,
    port,
    program,
    args: [...common, ...settings],
    folder,
    isReady: async () => (await redisCommand(port, ['PING']))?.startsWith('+PONG') ?? false,
  });
}

/** Repeats a command that does no harm when repeated until its answer has all of the words. @throws SFS_SERVICE_FAILED */
async function answered(port: number, command: readonly string[], ...wanted: readonly string[]): Promise<void> {
  const limitMs = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const reply = await redisCommand(port, command);
    if (reply !== null && wanted.every((text) => reply.includes(text))) return;
    if (reply?.startsWith('-') || performance.now() > limitMs) {
      throw new SkillForgeError(
        'SFS_SERVICE_FAILED',
        `Redis on port ${port} does not say ${wanted.join(' and ')} to ${command.join(' ')}, but ${reply ?? 'nothing'}`,
      );
    }
    await sleep(LOOK_MS);
  }
}
