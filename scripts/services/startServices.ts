/** Kafka, Redis, a schema registry, MLflow and OpenBao for tests and for trying out: real servers on free ports of this machine, without Docker. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKafka, type Kafka } from './kafka.js';
import { startMlflow, type Mlflow } from './mlflow.js';
import { startOpenBao, type OpenBao } from './openBao.js';
import { startRedis, type Redis, type RedisLayout } from './redis.js';
import { startRegistry, type Registry } from './registry.js';
import type { Server, ServerHost } from './serverProcess.js';
import { Watchdog } from './watchdog.js';

/** What is started: nothing that is not named. */
export interface ServicesOptions {
  /** Kafka with one broker, or with three of which one may die: replication factor 3, `min.insync.replicas` 2. */
  readonly brokers?: 1 | 3 | undefined;
  readonly redis?: RedisLayout | undefined;
  /** Redis keeps its writes through a kill. Default false. */
  readonly appendOnly?: boolean;
  readonly registry?: boolean;
  readonly mlflow?: boolean;
  /** A key service of one server, or of three of which one may die. */
  readonly openBao?: 1 | 3 | undefined;
  /** Takes lines of progress: what is fetched, what is started. */
  readonly report?: (line: string) => void;
  /** Told of a server that ended although nobody killed it. */
  readonly onCrash?: (server: Server) => void;
}

/** Servers that run; `null` for those that were not asked for. */
export interface Services {
  readonly kafka: Kafka | null;
  readonly redis: Redis | null;
  readonly registry: Registry | null;
  readonly mlflow: Mlflow | null;
  readonly openBao: OpenBao | null;
  /** Every server. */
  readonly servers: readonly Server[];
  /** Temporary folder of data and logs; gone after {@link Services.close}. */
  readonly folder: string;
  /** Kills all servers and removes their data. */
  close(): Promise<void>;
}

/**
 * Starts servers, and fetches their programs where they are missing. They end with {@link Services.close}, or with this process, however
 * that ends; they do not keep it alive.
 * @throws SFS_SERVICE_MISSING when a program is missing and cannot be had here, SFS_SERVICE_FAILED when one does not start; then nothing runs
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-services-'));
  const watchdog = new Watchdog(folder);
  const host: ServerHost = { folder, watchdog, report: options.report ?? ignore, onCrash: options.onCrash ?? ignore };
  const starts = startAll(host, options);
  // What is still starting must not go on after the watchdog has gone.
  await Promise.allSettled(starts);
  try {
    const [kafka, redis, registry, mlflow, openBao] = await Promise.all(starts);
    const alone = [registry, mlflow].flatMap((one) => (one === null ? [] : [one.server]));
    const servers = [...(kafka?.brokers ?? []), ...(redis?.servers ?? []), ...alone, ...(openBao?.servers ?? [])];
    return { kafka, redis, registry, mlflow, openBao, servers, folder, close: () => closeAll(servers, watchdog) };
  } catch (error) {
    await watchdog.close();
    throw error;
  }
}

type Starts = readonly [
  kafka: Promise<Kafka | null>,
  redis: Promise<Redis | null>,
  registry: Promise<Registry | null>,
  mlflow: Promise<Mlflow | null>,
  openBao: Promise<OpenBao | null>,
];

function startAll(host: ServerHost, options: ServicesOptions): Starts {
  const { brokers, redis, appendOnly = false, registry = false, mlflow = false, openBao } = options;
  const none = Promise.resolve(null);
  return [
    brokers === undefined ? none : startKafka(host, brokers),
    redis === undefined ? none : startRedis(host, { layout: redis, appendOnly }),
    registry ? startRegistry(host) : none,
    mlflow ? startMlflow(host) : none,
    openBao === undefined ? none : startOpenBao(host, openBao),
  ];
}

async function closeAll(servers: readonly Server[], watchdog: Watchdog): Promise<void> {
  await Promise.all(servers.map((server) => server.kill()));
  await watchdog.close();
}

const ignore = (): void => undefined;
