import type { ConnectionOptions } from 'node:tls';
import { SkillForgeError } from '../../schemas/errors.js';

/** One server of a Redis Cluster, or a single one. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, and whose state it keeps there. Exactly one of `url`, `host` and `nodes` is given. */
export interface RedisOptions {
  /** `redis://` or, with TLS, `rediss://`. */
  readonly url?: string;
  readonly host?: string;
  /** Of `host`; 6379 without. */
  readonly port?: number;
  /** Some servers of a Redis Cluster; the others are found through them. */
  readonly nodes?: readonly RedisNode[];
  readonly username?: string;
  readonly password?: string;
  /** As `node:tls` takes them; `{}` for TLS with the certificates of the system. */
  readonly tls?: ConnectionOptions;
  /** The keys of a region are its own: `eu-west`. */
  readonly region: string;
  /** What all keys begin with; `skillforge` without. */
  readonly keyPrefix?: string;
  /** How long a call may take, reconnecting included, before it fails with SFS_STATE_UNAVAILABLE; 30,000 ms without. */
  readonly timeoutMs?: number;
}

/** The options as `connection.ts` uses them. */
export interface RedisPlace {
  /** One for a single server. */
  readonly nodes: readonly RedisNode[];
  readonly cluster: boolean;
  /** For messages: hosts and ports, no secrets. */
  readonly address: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: ConnectionOptions | undefined;
  readonly database: number;
  readonly timeoutMs: number;
}

const DEFAULT_PORT = 6379;
const DEFAULT_TIMEOUT_MS = 30_000;

/** Checks options. @throws SFS_REDIS_OPTION */
export function placeOf(options: RedisOptions): RedisPlace {
  const { url, host, port, nodes, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if ([url, host, nodes].filter((given) => given !== undefined).length !== 1) throw invalid('give one of url, host and nodes');
  if (port !== undefined && host === undefined) throw invalid('a port belongs to a host');
  if (!(timeoutMs > 0) || timeoutMs > 2 ** 31 - 1) throw invalid(`timeoutMs is ${timeoutMs}; it is a number of milliseconds above 0`);
  const parts = url === undefined ? { nodes: nodes ?? [{ host: host!, port: port ?? DEFAULT_PORT }] } : partsOfUrl(url);
  parts.nodes.forEach(checkNode);
  if (parts.nodes.length === 0) throw invalid('nodes is empty');
  return {
    username: options.username,
    password: options.password,
    database: 0,
    ...parts,
    tls: options.tls ?? parts.tls,
    cluster: nodes !== undefined,
    address: parts.nodes.map((node) => `${node.host}:${node.port}`).join(', '),
    timeoutMs,
  };
}

type UrlParts = Partial<Pick<RedisPlace, 'username' | 'password' | 'tls' | 'database'>> & Pick<RedisPlace, 'nodes'>;

/** What a URL says; what it leaves out is left to the other options. The URL itself is in no message: it may hold the password. */
function partsOfUrl(url: string): UrlParts {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^rediss?:$/.test(parsed.protocol)) throw invalid('url is no redis:// or rediss:// address');
  const database = parsed.pathname.slice(1);
  if (!/^\d*$/.test(database)) throw invalid('the path of the url is not the number of a database');
  return {
    nodes: [{ host: parsed.hostname.replace(/^\[|\]$/g, ''), port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port) }],
    database: Number(database),
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function checkNode({ host, port }: RedisNode): void {
  if (host === '') throw invalid('a host is empty');
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`the port ${port} of ${host} is no number from 1 to 65535`);
}

function invalid(reason: string): SkillForgeError {
  return new SkillForgeError('SFS_REDIS_OPTION', `Redis: ${reason}`);
}
