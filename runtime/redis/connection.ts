import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis } from 'ioredis';
import { SkillForgeError, errorMessageOf } from '../../schemas/errors.js';
import type { Script } from './lua/script.js';
import type { RedisPlace } from './options.js';

/** What a command takes. */
export type Argument = string | Buffer | number;

/** Replies of a server that cannot serve now, and may a moment later. */
const PASSING = new Set(['LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'READONLY', 'TRYAGAIN', 'BUSY', 'NOREPLICAS', 'MISCONF', 'OOM']);
const LONGEST_BACKOFF_MS = 2_000;
const CLUSTER_RETRY_MS = 100;

const backoffMs = (attempt: number): number => Math.min(LONGEST_BACKOFF_MS, 50 * 2 ** Math.min(attempt - 1, 10));

/**
 * One connection to Redis, or one to each server of a cluster. It reconnects by itself, and sends again what was not answered: everything
 * that is sent must bear being run twice. Commands are run in the order of the calls.
 */
export class RedisConnection {
  private lastTrouble: string | null = null;

  private constructor(
    private readonly client: Redis | Cluster,
    private readonly place: RedisPlace,
  ) {
    client.on('error', (error: unknown) => (this.lastTrouble = troubleOf(error)));
  }

  /** @throws SFS_STATE_UNAVAILABLE when there is no Redis, SFS_STATE_REFUSED when it does not let us in */
  static async open(place: RedisPlace): Promise<RedisConnection> {
    const connection = new RedisConnection(place.cluster ? clusterClient(place) : singleClient(place), place);
    try {
      await connection.bounded(connection.client.connect());
      return connection;
    } catch (error) {
      connection.client.disconnect();
      const trouble = connection.lastTrouble ?? errorMessageOf(error);
      throw /^(WRONGPASS|NOAUTH|NOPERM)/.test(trouble) ? connection.refused(trouble) : connection.unavailable(trouble);
    }
  }

  /** Runs a script; `subject` is the task that messages name. @throws SFS_FENCED, SFS_STATE_BEHIND, SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED */
  run(script: Script, subject: string, keys: readonly Argument[], args: readonly Argument[]): Promise<unknown> {
    return this.command(script.readOnly ? 'EVAL_RO' : 'EVAL', [script.source, keys.length, ...keys, ...args], subject);
  }

  /** Sends a command before it returns. Strings of the reply are Buffers. @throws as {@link run} */
  async command(name: string, args: readonly Argument[], subject = ''): Promise<unknown> {
    try {
      return await this.bounded(this.client.callBuffer(name, [...args]));
    } catch (error) {
      throw this.failure(error, subject);
    }
  }

  /** The keys that match a pattern, on all servers. @throws SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED */
  async keys(pattern: string): Promise<string[]> {
    const servers = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    const found = new Set<string>();
    for (const server of servers) {
      let cursor = '0';
      do {
        const [next, keys] = await this.bounded(server.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000)).catch((error: unknown) => {
          throw this.failure(error, '');
        });
        for (const key of keys) found.add(key);
        cursor = next;
      } while (cursor !== '0');
    }
    return [...found];
  }

  /** Sends a command to each master; strings of the replies are Buffers. @throws as {@link run} */
  async onEach<T>(work: (ask: (name: string, ...args: Argument[]) => Promise<unknown>) => Promise<T>): Promise<T[]> {
    const servers = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    return Promise.all(
      servers.map((server) =>
        work((name, ...args) =>
          this.bounded(server.callBuffer(name, [...args])).catch((error: unknown) => {
            throw this.failure(error, '');
          }),
        ),
      ),
    );
  }

  /** Waits for what was sent, unless Redis is away. */
  async close(): Promise<void> {
    if (this.client.status === 'ready') await this.bounded(this.client.quit()).catch(() => undefined);
    this.client.disconnect();
  }

  /** A connection that is lost may never come back, and the client would wait for it. */
  private bounded<T>(sent: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { timeoutMs } = this.place;
      const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms${this.troubleSoFar()}`)), timeoutMs);
      sent.then(resolve, reject).finally(() => clearTimeout(timer));
    });
  }

  private troubleSoFar(): string {
    return this.client.status === 'ready' || this.lastTrouble === null ? '' : ` (${this.lastTrouble})`;
  }

  /** The one place where replies become error codes. The client's errors are no cause: they hold the command with its arguments. */
  private failure(error: unknown, task: string): SkillForgeError {
    const message = errorMessageOf(error);
    const word = message.split(' ', 1)[0]!;
    if (word === 'FENCED') return new SkillForgeError('SFS_FENCED', `another worker has claimed task ${task}`, { context: { task } });
    if (word === 'BEHIND') return behind(task, 'Redis does not hold what this claim last saw of it');
    const reply = error instanceof Error && error.name === 'ReplyError';
    return reply && !PASSING.has(word) ? this.refused(message) : this.unavailable(message);
  }

  private unavailable(trouble: string): SkillForgeError {
    const { address } = this.place;
    return new SkillForgeError('SFS_STATE_UNAVAILABLE', `Redis at ${address}: ${trouble}`, { retriable: true, context: { address } });
  }

  private refused(trouble: string): SkillForgeError {
    const { address } = this.place;
    return new SkillForgeError('SFS_STATE_REFUSED', `Redis at ${address} refuses: ${trouble}`, { context: { address } });
  }
}

/** The error of a task whose state is not what a claim took it for. */
export function behind(task: string, reason: string): SkillForgeError {
  return new SkillForgeError('SFS_STATE_BEHIND', `task ${task}: ${reason}`, { context: { task } });
}

function singleClient(place: RedisPlace): Redis {
  return new Redis({
    ...place.nodes[0]!,
    ...accessOf(place),
    db: place.database,
    lazyConnect: true,
    connectTimeout: place.timeoutMs,
    retryStrategy: backoffMs,
    // A master that became a replica: behind the same name there is another one now.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
  });
}

function clusterClient(place: RedisPlace): Cluster {
  return new Cluster([...place.nodes], {
    redisOptions: { ...accessOf(place), connectTimeout: place.timeoutMs },
    lazyConnect: true,
    clusterRetryStrategy: backoffMs,
    slotsRefreshTimeout: Math.min(place.timeoutMs, 5_000),
    retryDelayOnFailover: CLUSTER_RETRY_MS,
    retryDelayOnClusterDown: CLUSTER_RETRY_MS,
    retryDelayOnTryAgain: CLUSTER_RETRY_MS,
    // A failover takes seconds: time ends the tries, not their number.
    maxRedirections: 16 + Math.ceil(place.timeoutMs / CLUSTER_RETRY_MS),
  });
}

interface Access {
  username?: string;
  password?: string;
  tls?: ConnectionOptions;
}

function accessOf({ username, password, tls }: RedisPlace): Access {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }), ...(tls === undefined ? {} : { tls }) };
}

/** A cluster says in an error of its own what went wrong with the last server. */
function troubleOf(error: unknown): string {
  const last = (error as { lastNodeError?: unknown } | null)?.lastNodeError;
  return errorMessageOf(last ?? error);
}
