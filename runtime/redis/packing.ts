import type { QueueWrite, StateWrite } from '../ports.js';
import type { TaskKeys } from './taskKeys.js';
import { timerMember } from './timerMember.js';

/** A piece of a batch that one script call writes. */
export interface Chunk {
  /** The Redis commands as a msgpack array of arrays of byte strings: `[["HSET", key, field, value, ...], ...]`. */
  readonly packed: Buffer;
  /** The names of the stores that it writes. */
  readonly stores: readonly string[];
  readonly writes: number;
}

/** Most writes of a chunk, so that a call stays below 5 ms: see ADR 0011. Below 4,000, since Lua unpacks no more than 8,000 values. */
export const MOST_WRITES = 250;
/** Most bytes of a chunk; a single write may be larger. */
export const MOST_BYTES = 128 * 1024;

type Verb = 'HSET' | 'HDEL' | 'ZADD' | 'ZREM';

interface Command {
  readonly verb: Verb;
  readonly key: string;
  readonly store: string | null;
  /** The arguments of one write. */
  readonly args: readonly Buffer[];
}

/** The writes of a batch in chunks, at least one. Of several writes to one place the last one counts. @throws SFS_QUEUE_NAME_INVALID, SFS_TIME_INVALID */
export function chunksOf(keys: TaskKeys, state: readonly StateWrite[], queue: readonly QueueWrite[]): Chunk[] {
  const chunks: Chunk[] = [];
  let commands: Command[] = [];
  let bytes = 0;
  for (const command of [...stateCommands(keys, state), ...queueCommands(keys, queue)]) {
    const more = command.args.reduce((sum, arg) => sum + arg.length, 0);
    if (commands.length === MOST_WRITES || (commands.length > 0 && bytes + more > MOST_BYTES)) {
      chunks.push(chunkOf(commands));
      commands = [];
      bytes = 0;
    }
    commands.push(command);
    bytes += more;
  }
  if (commands.length > 0 || chunks.length === 0) chunks.push(chunkOf(commands));
  return chunks;
}

/** The last write of each row, store by store, what is set before what is deleted, so that few commands do many. */
function* stateCommands(keys: TaskKeys, state: readonly StateWrite[]): Generator<Command> {
  const stores = new Map<string, Map<string, Buffer | null>>();
  for (const { store, key, value } of state) {
    let rows = stores.get(store);
    if (rows === undefined) stores.set(store, (rows = new Map<string, Buffer | null>()));
    rows.set(key, value);
  }
  for (const [store, rows] of stores) {
    const key = keys.store(store);
    for (const [row, value] of rows) if (value !== null) yield { verb: 'HSET', key, store, args: [Buffer.from(row), value] };
    for (const [row, value] of rows) if (value === null) yield { verb: 'HDEL', key, store, args: [Buffer.from(row)] };
  }
}

const SCORE = Buffer.from('0');
const ARRAY_HEAD = 3;
const STRING_HEAD = 5;

function* queueCommands(keys: TaskKeys, queue: readonly QueueWrite[]): Generator<Command> {
  const last = new Map<string, { readonly member: Buffer; readonly payload: Buffer | null }>();
  for (const write of queue) {
    const member = timerMember(write);
    last.set(member.toString('latin1'), { member, payload: write.payload });
  }
  const entries = [...last.values()];
  const kept = entries.filter(({ payload }) => payload !== null);
  const command = (verb: Verb, key: string, ...args: Buffer[]): Command => ({ verb, key, store: null, args });
  for (const { member } of kept) yield command('ZADD', keys.queue, SCORE, member);
  for (const { member, payload } of entries) if (payload === null) yield command('ZREM', keys.queue, member);
  // An entry that is replaced may have had a payload.
  for (const { member, payload } of entries) if (payload === null || payload.length === 0) yield command('HDEL', keys.payloads, member);
  for (const { member, payload } of kept) if (payload!.length > 0) yield command('HSET', keys.payloads, member, payload!);
}

function chunkOf(commands: readonly Command[]): Chunk {
  const stores = new Set(commands.flatMap(({ store }) => (store === null ? [] : [store])));
  return { packed: pack(joined(commands)), stores: [...stores], writes: commands.length };
}

/** Neighbours of one verb and key become one command. */
function joined(commands: readonly Command[]): Buffer[][] {
  const lists: Buffer[][] = [];
  let before: Command | undefined;
  for (const command of commands) {
    if (command.verb !== before?.verb || command.key !== before.key) lists.push([Buffer.from(command.verb), Buffer.from(command.key)]);
    lists.at(-1)!.push(...command.args);
    before = command;
  }
  return lists;
}

/** Array 16 (0xdc) of arrays 16 of byte strings 32 (0xdb). @see https://github.com/msgpack/msgpack/blob/master/spec.md */
export function pack(lists: readonly (readonly Buffer[])[]): Buffer {
  const length = lists.reduce((sum, list) => list.reduce((bytes, { length: more }) => bytes + STRING_HEAD + more, sum + ARRAY_HEAD), ARRAY_HEAD);
  const packed = Buffer.allocUnsafe(length);
  let at = packed.writeUInt16BE(lists.length, packed.writeUInt8(0xdc, 0));
  for (const list of lists) {
    at = packed.writeUInt16BE(list.length, packed.writeUInt8(0xdc, at));
    for (const bytes of list) {
      at = packed.writeUInt32BE(bytes.length, packed.writeUInt8(0xdb, at));
      at += bytes.copy(packed, at);
    }
  }
  return packed;
}

/** The commands of a chunk: what {@link pack} was given. */
export function unpacked(packed: Buffer): Buffer[][] {
  let at = 1;
  const count = (): number => packed.readUInt16BE((at += 2) - 2);
  const bytes = (): Buffer => {
    const length = packed.readUInt32BE(at + 1);
    at += STRING_HEAD + length;
    return packed.subarray(at - length, at);
  };
  return Array.from({ length: count() }, () => {
    at += 1;
    return Array.from({ length: count() }, bytes);
  });
}
