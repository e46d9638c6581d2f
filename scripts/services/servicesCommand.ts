/** The command line of `npm run services`: the servers in the foreground, until Ctrl+C. */
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { SkillForgeError } from '../../schemas/index.js';
import { EXIT } from '../commands/exitCodes.js';
import { plainCommand, type PlainOptions } from '../commands/options.js';
import { print, printJson, secondsText } from '../commands/output.js';
import { StopSignals } from '../commands/stopSignals.js';
import type { RedisLayout } from './redis.js';
import type { Server } from './serverProcess.js';
import { startServices, type Services } from './startServices.js';

interface CommandOptions extends PlainOptions {
  readonly brokers: '0' | '1' | '3';
  readonly redis: RedisLayout | 'none';
  readonly appendOnly?: true;
  readonly registry: boolean;
  readonly mlflow?: true;
}

const DESCRIPTION = `Starts Kafka, Redis, a schema registry and, where it is asked for, MLflow on free ports of this machine, without Docker, and prints where they are. Data lie in
a temporary folder, and are gone afterwards.

What is missing is fetched once, into ~/.cache/skillforge or the folder that SKILLFORGE_SERVICES_CACHE names. Kafka and the registry
need Java 17 or newer, MLflow the Python packages of "npm run ml:setup -- operations".`;

const LOG_TAIL = 3_000;

/** Where servers are; `null` where there is none. */
interface Addresses {
  readonly kafka: { readonly bootstrapServers: string } | null;
  readonly redis: { readonly url: string } | null;
  readonly registry: { readonly url: string } | null;
  readonly mlflow: { readonly url: string } | null;
}

/** `npm run services`. */
export function servicesCommand(): Command {
  return plainCommand('services', 'Kafka, Redis and a registry, without Docker', DESCRIPTION, [
    'npm run services',
    'npm run services -- --brokers 3 --no-registry',
    'npm run services -- --brokers 0 --redis cluster --no-registry --json',
    'npm run services -- --brokers 0 --no-registry --mlflow',
  ])
    .addOption(new Option('--brokers <n>', 'Kafka brokers; of three, one may die').choices(['0', '1', '3']).default('1'))
    .addOption(
      new Option('--redis <layout>', 'one server, one with a replica, or a cluster of three')
        .choices(['none', 'single', 'replicated', 'cluster'])
        .default('single'),
    )
    .option('--append-only', 'Redis keeps its writes when it is killed')
    .option('--no-registry', 'no schema registry')
    .option('--mlflow', 'MLflow, which tracks training and registers models')
    .action(serve);
}

async function serve(options: CommandOptions): Promise<void> {
  // Neither the servers nor a listener for signals keep a process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    await serveUntilStopped(options);
  } finally {
    clearInterval(alive);
  }
}

async function serveUntilStopped(options: CommandOptions): Promise<void> {
  const stopped = new Promise<'stopped'>((resolve) => new StopSignals(() => resolve('stopped')));
  let tellCrash: (server: Server) => void = () => undefined;
  const crashed = new Promise<Server>((resolve) => (tellCrash = resolve));
  const starting = start(options, tellCrash);
  // Stopped in the middle of a start: the watchdog ends what there is.
  if ((await Promise.race([starting, stopped])) === 'stopped') process.exit(EXIT.ok);
  const services = await starting;
  try {
    announce(services, options);
    const end = await Promise.race([stopped, crashed]);
    if (end !== 'stopped') throw crashError(end);
  } finally {
    await services.close();
  }
}

async function start({ brokers, redis, appendOnly, registry, mlflow }: CommandOptions, onCrash: (server: Server) => void): Promise<Services> {
  const startMs = performance.now();
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const services = await startServices({
    brokers: brokers === '0' ? undefined : brokers === '1' ? 1 : 3,
    redis: redis === 'none' ? undefined : redis,
    appendOnly: appendOnly ?? false,
    registry,
    mlflow: mlflow ?? false,
    report,
    onCrash,
  });
  report(`ready after ${secondsText((performance.now() - startMs) / 1000)}`);
  return services;
}

function crashError({ name, logFile }: Server): SkillForgeError {
  const log = readFileSync(logFile, 'utf8').trimEnd().slice(-LOG_TAIL);
  return new SkillForgeError('SFS_SERVICE_FAILED', `${name} has ended by itself; the end of its log:\n${log}`, { context: { server: name } });
}

/** What a client is told: environment variables, each of which options of `skillforge` read. */
export function environmentOf({ kafka, redis, registry, mlflow }: Addresses): Record<string, string> {
  return {
    ...(kafka === null ? {} : { SKILLFORGE_KAFKA: kafka.bootstrapServers }),
    ...(redis === null ? {} : { SKILLFORGE_REDIS_URL: redis.url }),
    ...(registry === null ? {} : { SKILLFORGE_REGISTRY: registry.url }),
    ...(mlflow === null ? {} : { MLFLOW_TRACKING_URI: mlflow.url, SKILLFORGE_MODEL_REGISTRY: mlflow.url }),
  };
}

function announce(services: Services, { json }: CommandOptions): void {
  const environment = environmentOf(services);
  const { folder } = services;
  const servers = services.servers.map(({ name, address, pid }) => ({ name, address, pid }));
  if (json) return printJson({ environment, servers, folder });
  const lines = servers.map(({ name, address, pid }) => `${name.padEnd(14)} ${address}  (process ${pid ?? 'none'})`);
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`);
  print([...lines, '', `logs and data: ${folder}`, '', 'for clients, in another terminal:', ...exports, '', 'Ctrl+C ends them all'].join('\n'));
}
