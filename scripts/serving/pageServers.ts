/** Kafka and Redis as the page looks at them: opened when somebody looks, each for itself, so that it can be told which of them is away. */
import type { ConsoleServer } from '../../reader/consoleSource.js';
import type { Cluster } from '../../runtime/cluster/index.js';
import type { Admin, Broker } from '../../runtime/kafka/index.js';
import type { RedisState } from '../../runtime/redis/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { kafkaOptionsOf, redisOptionsOf, registryOptionsOf, type ServerOptions } from '../commands/serverOptions.js';
import { ServerPulse, type PulseTimes } from './serverPulse.js';

/** A call that is not answered for so long has failed, ms, unless options say otherwise: who looks asks again, and nothing of it holds up the end of the process. */
const CALL_MS = 5_000;

/** Something that is opened once, and again after that has failed. */
class Opening<T> {
  private opening: Promise<T> | null = null;

  constructor(private readonly open: () => Promise<T>) {}

  get(): Promise<T> {
    this.opening ??= this.open().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    return this.opening;
  }

  /** What is open; waits for what is being opened. */
  async opened(): Promise<T | null> {
    return (await this.opening?.catch(() => null)) ?? null;
  }
}

/** Why a server is away. */
export type AwayServers = ReadonlyMap<ConsoleServer, string>;

/** The servers of a region, for looking. */
export class PageServers {
  private readonly kafka = new Opening(() => openKafka(this.options));
  private readonly redis = new Opening(() => openState(this.options));
  private readonly cluster = new Opening(() => this.openCluster());
  private readonly pulses: readonly (readonly [ConsoleServer, ServerPulse])[];
  private refreshedMs = performance.now();

  /** @param times - documents hold for as long as a pulse */
  constructor(
    private readonly options: ServerOptions,
    private readonly times: PulseTimes,
  ) {
    this.pulses = [
      ['kafka', new ServerPulse(async () => (await this.kafka.get()).admin.clusterId(), times)],
      ['redis', new ServerPulse(async () => (await this.redis.get()).documents.names(''), times)],
    ];
  }

  /** Those that do not answer, with what is known of it; none where all do. Takes no longer than patience. */
  async away(): Promise<AwayServers> {
    const found = await Promise.all(this.pulses.map(async ([server, pulse]) => [server, await pulse.now()] as const));
    return new Map(found.flatMap(([server, trouble]) => (trouble === null ? [] : [[server, trouble] as const])));
  }

  /** What is deployed, and what is replayed, stands in documents, which others change: they are read anew. @throws what opening servers throws */
  async tools(): Promise<ToolAccess> {
    const { cluster, tools } = await this.cluster.get();
    if (performance.now() - this.refreshedMs >= this.times.freshMs) {
      this.refreshedMs = performance.now();
      await cluster.documents.refresh();
    }
    return tools;
  }

  async close(): Promise<void> {
    await (await this.cluster.opened())?.cluster.close();
    await (await this.kafka.opened())?.broker.close();
    await (await this.redis.opened())?.close();
  }

  private async openCluster(): Promise<{ readonly cluster: Cluster; readonly tools: ToolAccess }> {
    const [{ broker }, state] = await Promise.all([this.kafka.get(), this.redis.get()]);
    const { region, replication } = this.options;
    const registry = registryOptionsOf(this.options);
    const { openCluster } = await import('../../runtime/cluster/index.js');
    const cluster = await openCluster({ broker, state, region, replication, ...(registry && { registry }) });
    this.refreshedMs = performance.now();
    return { cluster, tools: cluster.tools() };
  }
}

// Their packages take a while to load, and are not there on every machine.

async function openKafka(options: ServerOptions): Promise<{ readonly broker: Broker; readonly admin: Admin }> {
  const { openBroker } = await import('../../runtime/kafka/index.js');
  const broker = await openBroker(options.driver, { requestTimeoutMs: CALL_MS, ...kafkaOptionsOf(options) });
  try {
    return { broker, admin: await broker.admin() };
  } catch (error) {
    await broker.close();
    throw error;
  }
}

async function openState(options: ServerOptions): Promise<RedisState> {
  const { openRedis } = await import('../../runtime/redis/index.js');
  return openRedis({ timeoutMs: CALL_MS, ...redisOptionsOf(options) });
}
