/** Who may do what on Redis: the keys of a worker are those of the tasks of its topologies. */
import { createHash } from 'node:crypto';
import { DEFAULT_PREFIX, RegionKeys, homesPattern, literally } from '../../runtime/redis/index.js';
import { userName, type WorkerGroup } from './kafkaRules.js';

/** A user of Redis: what no rule allows is denied. */
export interface RedisUser {
  readonly user: string;
  /** As Redis writes them: `~pattern` for reading and writing, `%R~pattern` for reading alone. */
  readonly keys: readonly string[];
  /** As Redis writes them, such as `+hget`. */
  readonly commands: readonly string[];
}

/** To connect, to be let in, and to be asked how one is. */
const CONNECTING = ['auth', 'hello', 'ping', 'quit', 'select', 'info', 'client|setname', 'cluster|slots', 'cluster|shards'];
const READING = ['exists', 'hexists', 'hget', 'hkeys', 'hlen', 'hmget', 'hscan', 'zcard', 'zrangebylex', 'memory|usage', 'eval_ro'];
const WRITING = ['del', 'eval', 'hdel', 'hset', 'unlink', 'zadd', 'zrem'];
/** Of who opens what is sealed, and of who makes a key for a learner that has none yet. */
const OPENING = ['get'];
const KEEPING = [...OPENING, 'set'];
const SEALING = [...KEEPING, 'del', 'eval'];
/** Of who has Redis write its files anew, after an erasure, and looks at all that it has. */
const ERASING = ['bgrewriteaof', 'type', 'zscan'];
/** Of who asks in which region learners are at home, and moves them. */
const HOUSING = ['eval', 'get', 'hdel', 'hget', 'hgetall', 'hmget', 'hscan', 'hset', 'set', 'time'];
/** Of who looks after all tasks. */
const LOOKING_AROUND = ['scan'];

const allowed = (...lists: readonly (readonly string[])[]): string[] => lists.flat().map((command) => `+${command}`);

/** The users of a region. @param prefix - what all keys begin with */
export function redisUsers(region: string, workers: readonly WorkerGroup[], prefix = DEFAULT_PREFIX): RedisUser[] {
  const keys = new RegionKeys(region, prefix);
  const documents = literally(keys.documents);
  const every = keys.everyMeta;
  const all = `${every.slice(0, every.lastIndexOf('*'))}*`;
  // A learner's key serves all topologies: no rule can be finer.
  const dataKeys = ['data-key', 'key-owner'].map((kind) => `~${literally(keys.dataKeys)}${kind}/*`);
  // Who writes reads who is refused, and tells which version of that list they go by.
  const refused = `%R~${literally(keys.refused)}`;
  const writers = `~${literally(keys.refusedWriters)}*`;
  const openedOnly = dataKeys.map((one) => `%R${one}`);
  const tasksOf = (topology: string): string => all.replace(/\*$/, `${topology}@*`);
  const workerUsers = workers.map(({ name, graphs }) => ({
    user: userName(region, `worker.${name}`),
    keys: [...graphs.map((graph) => `~${tasksOf(graph.name)}`), `~${documents}`, ...dataKeys, refused, writers],
    commands: allowed(CONNECTING, READING, WRITING, KEEPING),
  }));
  return [
    ...workerUsers,
    // How far tasks are, for the page; no row of state.
    ...['reader', 'reader-console'].map((role) => ({
      user: userName(region, role),
      keys: [`%R~${documents}`, `%R~${every}`, ...openedOnly],
      commands: allowed(CONNECTING, READING, OPENING, LOOKING_AROUND),
    })),
    // Events of a learner whom nobody has met yet need a key, too.
    {
      user: userName(region, 'reader-events'),
      keys: [`%R~${documents}`, `%R~${every}`, ...dataKeys, refused, writers],
      commands: allowed(CONNECTING, READING, SEALING, LOOKING_AROUND),
    },
    { user: userName(region, 'gateway'), keys: [`%R~${documents}`, ...dataKeys, refused, writers], commands: allowed(CONNECTING, READING, SEALING) },
    // The register of homes is of all regions, and may be on another server: a user of its own for the gateway and for "privacy move".
    { user: userName(region, 'homes'), keys: [`~${homesPattern(prefix)}`], commands: allowed(CONNECTING, HOUSING) },
    { user: userName(region, 'trainer'), keys: [`%R~${documents}`, ...openedOnly], commands: allowed(CONNECTING, READING, OPENING) },
    { user: userName(region, 'exporter'), keys: [], commands: allowed(CONNECTING, ['latency|latest', 'slowlog|get', 'slowlog|len']) },
    {
      user: userName(region, 'operator'),
      keys: [`~${all}`, `~${documents}`, `~${literally(keys.refused)}`, writers],
      commands: allowed(CONNECTING, READING, WRITING, KEEPING, ERASING, LOOKING_AROUND),
    },
  ];
}

/**
 * The lines of an ACL file. A user without a password is off.
 * @param passwords - by user; the file holds their SHA-256 alone
 */
export function redisAclFile(users: readonly RedisUser[], passwords: ReadonlyMap<string, string> = new Map()): string {
  const lines = users.map(({ user, keys, commands }) => {
    const password = passwords.get(user);
    const entry = password === undefined ? ['off'] : ['on', `#${createHash('sha256').update(password).digest('hex')}`];
    return ['user', user, 'reset', ...entry, 'resetchannels', ...keys, '-@all', ...commands].join(' ');
  });
  return `${['user default reset off', ...lines].join('\n')}\n`;
}
