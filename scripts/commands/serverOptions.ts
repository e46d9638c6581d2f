/** The options that name servers, and the servers that they name. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { SkillForgeError, errorMessageOf, type ErrorCode } from '../../schemas/index.js';
import type { Cluster, Guarantee } from '../../runtime/cluster/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import type { Broker, BrokerDriver, KafkaOptions } from '../../runtime/kafka/index.js';
import type { RegistryOptions } from '../../runtime/registry/index.js';
import type { RedisNode, RedisOptions, RedisState } from '../../runtime/redis/index.js';
import { wholeNumber } from './options.js';

/** What a command that can work on servers is told. */
export interface ServerOptions {
  readonly region: string;
  /** Addresses with commas between; without it the command works on a folder. */
  readonly kafka?: string;
  /** An address `redis://…`, or those of some servers of a Redis Cluster with commas between. */
  readonly redis?: string;
  /** Paths of JSON files. */
  readonly kafkaOptions?: string;
  readonly redisOptions?: string;
  readonly driver: BrokerDriver;
  readonly allowUnsafeProducer?: true;
  /** Base address of a schema registry. */
  readonly registry?: string;
  readonly registryOptions?: string;
  readonly replication: number;
  readonly guarantee?: Guarantee;
}

/** What a command that only reads Kafka is told. */
export type ReadingOptions = Pick<ServerOptions, 'region' | 'kafka' | 'kafkaOptions' | 'driver' | 'registry' | 'registryOptions'>;

/** Broker, state and the cluster that they make. */
export interface Servers {
  readonly broker: Broker;
  readonly state: RedisState;
  readonly cluster: Cluster;
  /** Closes all of it. */
  close(): Promise<void>;
}

/** Gives a command `--kafka`, `--redis` and what belongs to them. @param alsoFolder - options that make sense on a folder only, such as `untilEnd` */
export function withServerOptions(command: Command, alsoFolder: readonly string[] = []): Command {
  return command
    .addOption(
      new Option('--kafka <addresses>', 'work on Kafka instead of a folder: brokers, with commas between')
        .env('SKILLFORGE_KAFKA')
        .conflicts([...alsoFolder]),
    )
    .addOption(redisOption('where the state is, with --kafka'))
    .addOption(kafkaFileOption())
    .addOption(redisFileOption())
    .addOption(driverOption())
    .option('--allow-unsafe-producer', 'let the driver kafkajs write, which can lose acknowledged records')
    .addOption(registryOption())
    .addOption(registryFileOption())
    .option('--replication <n>', 'replicas of topics that are created in Kafka', wholeNumber(1), 1);
}

/** Gives a command `--kafka` and what belongs to it, for reading: it needs no Redis. */
export function withReadingOptions(command: Command): Command {
  return command
    .addOption(new Option('--kafka <addresses>', 'read from Kafka instead of a folder: brokers, with commas between').env('SKILLFORGE_KAFKA'))
    .addOption(kafkaFileOption())
    .addOption(driverOption())
    .addOption(registryOption())
    .addOption(registryFileOption());
}

/** Gives a command `--kafka` and what belongs to it, for writing topics alone: it needs no Redis. */
export function withWritingOptions(command: Command): Command {
  return command
    .addOption(new Option('--kafka <addresses>', 'write to Kafka instead of a folder: brokers, with commas between').env('SKILLFORGE_KAFKA'))
    .addOption(kafkaFileOption())
    .addOption(driverOption())
    .option('--allow-unsafe-producer', 'let the driver kafkajs write, which can lose acknowledged records')
    .addOption(registryOption())
    .addOption(registryFileOption())
    .option('--replication <n>', 'replicas of topics that are created in Kafka', wholeNumber(1), 1);
}

/** `--redis`. @param use - what it is for */
export const redisOption = (use: string): Option =>
  new Option('--redis <addresses>', `${use}: redis://host:6379, or host:port,host:port of a Redis Cluster`).env('SKILLFORGE_REDIS_URL');

/** `--redis-options`. */
export const redisFileOption = (): Option => new Option('--redis-options <file>', 'JSON file with username, password, tls or keyPrefix');

/** `--kafka-options`. */
export const kafkaFileOption = (): Option => new Option('--kafka-options <file>', 'JSON file with tls, sasl, clientId or librdkafka');

/** `--driver`. */
export const driverOption = (): Option => new Option('--driver <name>', 'client of Kafka').choices(['confluent', 'kafkajs']).default('confluent');

/** `--registry`: where ids of schemas come from. */
export function registryOption(): Option {
  return new Option('--registry <url>', 'schema registry that gives the ids of schemas, with --kafka').env('SKILLFORGE_REGISTRY');
}

/** `--registry-options`. */
export function registryFileOption(): Option {
  return new Option('--registry-options <file>', 'JSON file with username, password, tls or compatibility');
}

/** How options say that the schema registry is reached; `undefined` where none is named. @throws SFS_REGISTRY_OPTION */
export function registryOptionsOf({ registry, registryOptions }: Pick<ServerOptions, 'registry' | 'registryOptions'>): RegistryOptions | undefined {
  if (registry === undefined) return undefined;
  return { ...optionsFile(registryOptions, 'SFS_REGISTRY_OPTION', ['ca', 'cert', 'key']), url: registry };
}

/** Gives `run` its `--guarantee`. */
export function guaranteeOption(): Option {
  return new Option('--guarantee <name>', 'on Kafka: idempotent is cheaper, and repeats outputs after a crash; state is exact with both')
    .choices(['exactly-once', 'idempotent'] satisfies Guarantee[])
    .default('exactly-once' satisfies Guarantee);
}

/**
 * Opens the servers that options name. @throws SFS_KAFKA_OPTIONS, SFS_REDIS_OPTION, SFS_REGISTRY_OPTION, SFS_DRIVER_UNAVAILABLE, SFS_BROKER_UNAVAILABLE,
 * SFS_BROKER_REFUSED, SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED
 */
export async function openServers(options: ServerOptions): Promise<Servers> {
  const { region, driver, replication, guarantee = 'exactly-once' } = options;
  const kafka = kafkaOptionsOf(options);
  const redis = redisOptionsOf(options);
  const registry = registryOptionsOf(options);
  // Their packages take a while to load, and are not there on every machine.
  const [{ openBroker }, { openRedis }, { openCluster }] = await Promise.all([
    import('../../runtime/kafka/index.js'),
    import('../../runtime/redis/index.js'),
    import('../../runtime/cluster/index.js'),
  ]);
  const broker = await openBroker(driver, kafka);
  const state = await openRedis(redis).catch(closing(broker));
  const cluster = await openCluster({ broker, state, region, replication, guarantee, ...(registry && { registry }) }).catch(closing(broker, state));
  return {
    broker,
    state,
    cluster,
    close: async () => {
      for (const part of [cluster, broker, state]) await part.close();
    },
  };
}

/** Closes what is open where the next part cannot be opened. */
function closing(...parts: readonly { close(): Promise<void> }[]): (error: unknown) => Promise<never> {
  return async (error) => {
    for (const part of parts) await part.close();
    throw error;
  };
}

/** How options say that Kafka is reached. @throws SFS_KAFKA_OPTIONS */
export function kafkaOptionsOf({
  kafka,
  kafkaOptions,
  allowUnsafeProducer,
}: Pick<ServerOptions, 'kafka' | 'kafkaOptions' | 'allowUnsafeProducer'>): KafkaOptions {
  if (kafka === undefined) throw new SkillForgeError('SFS_KAFKA_OPTIONS', 'no Kafka is named: give --kafka, or SKILLFORGE_KAFKA');
  const file = optionsFile(kafkaOptions, 'SFS_KAFKA_OPTIONS', ['ca', 'certificate', 'privateKey']) as Partial<KafkaOptions>;
  return {
    ...file,
    allowUnsafeProducer: allowUnsafeProducer === true,
    brokers: addressesIn(kafka),
    markerIdOf: (header) => markerIdOf(header) ?? 'marker',
  };
}

/** How options say that Redis is reached. @throws SFS_REDIS_OPTION */
export function redisOptionsOf({ redis, redisOptions, region }: Pick<ServerOptions, 'redis' | 'redisOptions' | 'region'>): RedisOptions {
  if (redis === undefined) throw new SkillForgeError('SFS_REDIS_OPTION', '--kafka needs --redis, or SKILLFORGE_REDIS_URL: the state is there');
  const file = optionsFile(redisOptions, 'SFS_REDIS_OPTION', ['ca', 'cert', 'key']) as Partial<RedisOptions>;
  const place = redis.includes('://') ? { url: redis } : { nodes: addressesIn(redis).map(nodeOf) };
  return { ...file, ...place, region };
}

const addressesIn = (text: string): string[] => text.split(',').map((address) => address.trim());

/** `redis-1:6379`, `[::1]:6379`; the port may be left out. */
function nodeOf(address: string): RedisNode {
  const [, host, port = '6379'] = /^(.*?)(?::(\d+))?$/.exec(address)!;
  return { host: host!.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** A JSON object of options; what stands under `tls` in these fields is a path from the file, or a PEM text. */
function optionsFile(path: string | undefined, code: ErrorCode, pems: readonly string[]): Readonly<Record<string, unknown>> {
  if (path === undefined) return {};
  try {
    const options = JSON.parse(readFileSync(path, 'utf8')) as unknown;
    if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new Error('it is no object');
    const { tls } = options as { readonly tls?: Readonly<Record<string, unknown>> };
    return tls === undefined ? { ...options } : { ...options, tls: pemsRead(tls, dirname(path), pems) };
  } catch (cause) {
    throw new SkillForgeError(code, `${path} holds no JSON object of options: ${errorMessageOf(cause)}`, { cause, context: { path } });
  }
}

function pemsRead(tls: Readonly<Record<string, unknown>>, folder: string, pems: readonly string[]): Readonly<Record<string, unknown>> {
  const read = ([name, value]: [string, unknown]): [string, unknown] =>
    pems.includes(name) && typeof value === 'string' && !value.startsWith('-----BEGIN')
      ? [name, readFileSync(resolve(folder, value), 'utf8')]
      : [name, value];
  return Object.fromEntries(Object.entries(tls).map(read));
}
