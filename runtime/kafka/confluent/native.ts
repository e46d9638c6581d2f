/**
 * The part of `@confluentinc/kafka-javascript` that the driver uses: its native classes, which it has from node-rdkafka and which are twice
 * as fast as its KafkaJS-like ones. The package is optional and half of it is compiled, so types are named here and it is loaded on demand.
 */
import type { EventEmitter } from 'node:events';
import { SkillForgeError } from '../../../schemas/index.js';

/** What callbacks and methods of the package fail with. */
export interface NativeError {
  readonly message: string;
  /** librdkafka's number: positive from a broker, negative from the client. */
  readonly code: number;
  readonly isFatal?: boolean;
  readonly isRetriable?: boolean;
  readonly isTxnRequiresAbort?: boolean;
}

/** A partition as the package passes it. */
export interface NativePartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset?: number;
  readonly metadata?: string | null;
  readonly error?: NativeError;
}

/** A record as the package hands it out. */
export interface NativeMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly headers?: readonly Readonly<Record<string, Buffer>>[];
}

/** How asynchronous methods end. */
export type Done<T = unknown> = (error: NativeError | null | undefined, result: T) => void;

interface NativeClient extends EventEmitter {
  connect(options: { timeout: number }, done: Done): unknown;
  isConnected(): boolean;
}

/** The consumer, of a group or by hand. */
export interface NativeConsumer extends NativeClient {
  disconnect(done: Done): unknown;
  setDefaultConsumeTimeout(timeoutMs: number): void;
  consume(count: number, done: Done<NativeMessage[]>): void;
  subscribe(topics: readonly string[]): unknown;
  assign(partitions: readonly NativePartition[]): unknown;
  unassign(): unknown;
  assignmentLost(): boolean;
  seek(partition: NativePartition, timeoutMs: number, done: Done): unknown;
  pause(partitions: readonly NativePartition[]): unknown;
  resume(partitions: readonly NativePartition[]): unknown;
  committed(partitions: readonly NativePartition[], timeoutMs: number, done: Done<(NativePartition | Error)[]>): unknown;
  commitCb(partitions: readonly NativePartition[], done: Done): unknown;
}

/** The producer, of transactions or not. */
export interface NativeProducer extends NativeClient {
  disconnect(flushTimeoutMs: number, done: Done): unknown;
  setPollInterval(intervalMs: number): unknown;
  poll(): unknown;
  /** Copies the bytes into the client's queue. Throws {@link NativeError}, for a full queue too. */
  produce(
    topic: string,
    partition: number,
    value: Buffer | null,
    key: Buffer | null,
    timestamp: undefined,
    opaque: undefined,
    headers: readonly Readonly<Record<string, Buffer>>[] | undefined,
  ): unknown;
  flush(timeoutMs: number, done: Done): unknown;
  initTransactions(timeoutMs: number, done: Done): unknown;
  beginTransaction(done: Done): unknown;
  sendOffsetsToTransaction(offsets: readonly NativePartition[], consumer: NativeConsumer, timeoutMs: number, done: Done): unknown;
  commitTransaction(timeoutMs: number, done: Done): unknown;
  abortTransaction(timeoutMs: number, done: Done): unknown;
}

/** What is asked for by time instead of by number. */
export interface OffsetAt {
  readonly timestamp: number;
}

/** The administrative client, which borrows the connections of another. */
export interface NativeAdmin {
  listTopics(options: { timeout: number }, done: Done<string[]>): void;
  listOffsets(
    partitions: readonly { topic: string; partition: number; offset: OffsetAt }[],
    options: { timeout: number; isolationLevel: number },
    done: Done<NativePartition[]>,
  ): void;
  listConsumerGroupOffsets(
    groups: readonly { groupId: string; partitions: readonly NativePartition[] }[],
    options: { timeout: number; requireStableOffsets: boolean },
    done: Done<{ readonly error?: NativeError; readonly partitions: readonly NativePartition[] }[]>,
  ): void;
}

/** Properties of librdkafka, and functions that the package calls. */
export type NativeConfig = Readonly<Record<string, unknown>>;

/** The package. */
export interface Native {
  readonly KafkaConsumer: new (config: NativeConfig, topicConfig: NativeConfig) => NativeConsumer;
  readonly Producer: new (config: NativeConfig, topicConfig: NativeConfig) => NativeProducer;
  readonly AdminClient: { createFrom(client: NativeConsumer | NativeProducer): NativeAdmin };
  readonly librdkafkaVersion: string;
}

/** The package; `optionalDependencies` names its version. */
export const CONFLUENT_PACKAGE = '@confluentinc/kafka-javascript';

/** Loads the package with its compiled part. @throws SFS_DRIVER_UNAVAILABLE */
export async function loadNative(): Promise<Native> {
  try {
    // A name that the compiler does not follow: the package may be missing, and its types say `any`.
    const loaded = (await import(CONFLUENT_PACKAGE)) as { default: Native };
    return loaded.default;
  } catch (cause) {
    throw new SkillForgeError(
      'SFS_DRIVER_UNAVAILABLE',
      `the driver "confluent" needs ${CONFLUENT_PACKAGE} with its compiled part, which is not here. In a checkout run \`npm run kafka:native\`; elsewhere \`npm install ${CONFLUENT_PACKAGE}@1.10.1\``,
      { cause },
    );
  }
}

/** Turns a call that ends in a callback into a promise; what it throws at once rejects too. */
export function nativeCall<T = unknown>(start: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      // The package's errors look like errors and are none.
      if (error !== null && error !== undefined) reject(asError(error));
      else resolve(result);
    });
  });
}

/** An error of the package as one of JavaScript's that keeps its fields. */
export class NativeFailure extends Error implements NativeError {
  readonly code: number;
  readonly isFatal: boolean;
  readonly isRetriable: boolean;
  readonly isTxnRequiresAbort: boolean;

  constructor(error: NativeError) {
    super(error.message);
    this.code = error.code;
    this.isFatal = error.isFatal ?? false;
    this.isRetriable = error.isRetriable ?? false;
    this.isTxnRequiresAbort = error.isTxnRequiresAbort ?? false;
  }
}

/** Whatever the package failed with. */
export function asError(error: unknown): NativeFailure {
  if (error instanceof NativeFailure) return error;
  const { message, code } = error as Partial<NativeError>;
  return new NativeFailure({ ...(error as NativeError), message: message ?? String(error), code: typeof code === 'number' ? code : -1 });
}
