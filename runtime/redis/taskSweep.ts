/** Takes rows and timers out of a task that a worker may run, in bounded steps and within the protocol of ADR 0011. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf } from '../../schemas/errors.js';
import { inPieces } from '../pieces.js';
import type { QueueEntry } from '../ports.js';
import { randomId } from './claimedTask.js';
import type { Argument, RedisConnection } from './connection.js';
import { claimTask } from './found.js';
import { RELEASE } from './lua/claims.js';
import { RESTAGE, SWEEP } from './lua/sweeps.js';
import { chunksOf, pack, unpacked } from './packing.js';
import type { TaskKeys } from './taskKeys.js';
import { taskRows } from './taskRows.js';
import { parseTimerMember } from './timerMember.js';

/** A row as it lies in Redis. */
export interface SweptRow {
  readonly store: string;
  readonly key: string;
  readonly value: Buffer;
}

/** What is to go. */
export interface SweepRules {
  /** What becomes of rows, in their order: the same value stays, another one takes its place, `null` deletes the row. */
  rows(rows: readonly SweptRow[]): Promise<readonly (Buffer | null)[]>;
  keepsTimer(timer: QueueEntry): boolean;
}

/** What a sweep changed. */
export interface SweepCounts {
  readonly rows: number;
  readonly timers: number;
  /** Rows and timers of batches that were staged and not applied yet. */
  readonly staged: number;
}

/** Rows, or timers, that are looked at together. */
const PAGE = 250;
/** How often a task is taken from a worker that takes it back in the middle of a step. */
const TRIES = 30;
const PAUSE_MS = 100;
/** Written by the batch that is staged, apart from its chunks. */
const CHUNK = /^\d+$/;

/**
 * Sweeps one task. Each step that changes something takes the task from its worker and gives it up again: what the worker had read and not committed by then is void, and it goes on from what is
 * here. The first step does so whatever there is, so that nothing comes after it from what was read before.
 * @throws SFS_FENCED where others took the task in each of its tries, SFS_STATE_UNAVAILABLE, SFS_STATE_REFUSED
 */
export async function sweepTask(connection: RedisConnection, keys: TaskKeys, rules: SweepRules): Promise<SweepCounts> {
  const sweep = new TaskSweep(connection, keys, rules);
  let [staged, rows, timers] = [await sweep.held((token) => sweep.staged(token)), 0, 0];
  const read = taskRows(connection, keys);
  for (const store of await read.stores()) {
    for await (const page of sweep.pages(store)) {
      const found = await sweep.changedOf(page);
      if (found.length > 0) rows += await sweep.held(async (token) => sweep.writeRows(token, await sweep.again(found)));
    }
  }
  for await (const page of inPieces(read.timers(), PAGE)) {
    const gone = page.filter((timer) => !rules.keepsTimer(timer));
    if (gone.length > 0) timers += await sweep.held((token) => sweep.dropTimers(token, gone));
  }
  // A worker that died while this went on may have left something.
  staged += await sweep.held((token) => sweep.staged(token));
  return { rows, timers, staged };
}

class TaskSweep {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: TaskKeys,
    private readonly rules: SweepRules,
  ) {}

  /** Does something while the task is nobody else's. */
  async held<T>(work: (token: string) => Promise<T>): Promise<T> {
    for (let left = TRIES; ; left--) {
      const token = randomId();
      await claimTask(this.connection, this.keys, token);
      try {
        return await work(token);
      } catch (error) {
        if (left === 1 || errorCodeOf(error) !== 'SFS_FENCED') throw error;
      } finally {
        await this.connection.run(RELEASE, this.keys.task, [this.keys.meta], [token]);
      }
      await sleep(PAUSE_MS);
    }
  }

  async *pages(store: string): AsyncGenerator<SweptRow[]> {
    let cursor = '0';
    do {
      const [next, pairs] = (await this.ask('HSCAN', this.keys.store(store), cursor, 'COUNT', PAGE)) as [Buffer, Buffer[]];
      yield pairsOf(pairs).map(([key, value]) => ({ store, key: key.toString(), value }));
      cursor = String(next);
    } while (cursor !== '0');
  }

  /** The rows that the rules change. */
  async changedOf(rows: readonly SweptRow[]): Promise<{ readonly row: SweptRow; readonly value: Buffer | null }[]> {
    const values = await this.rules.rows(rows);
    return rows.map((row, at) => ({ row, value: values[at]! })).filter(({ row, value }) => value !== row.value);
  }

  /** As they are now: their worker may have written them since. */
  async again(found: readonly { readonly row: SweptRow }[]): Promise<SweptRow[]> {
    const { store } = found[0]!.row;
    const values = (await this.ask('HMGET', this.keys.store(store), ...found.map(({ row }) => row.key))) as (Buffer | null)[];
    return found.flatMap(({ row }, at) => (values[at] === null ? [] : [{ ...row, value: values[at]! }]));
  }

  async writeRows(token: string, rows: readonly SweptRow[]): Promise<number> {
    const changed = (await this.changedOf(rows)).map(({ row: { store, key }, value }) => ({ store, key, value }));
    for (const { packed, stores } of chunksOf(this.keys, changed, []))
      await this.run(
        token,
        SWEEP,
        stores.map((store) => this.keys.store(store)),
        packed,
      );
    return changed.length;
  }

  async dropTimers(token: string, timers: readonly QueueEntry[]): Promise<number> {
    const gone = timers.map(({ queue, timeMs, tiebreak }) => ({ queue, timeMs, tiebreak, payload: null }));
    for (const { packed } of chunksOf(this.keys, [], gone)) await this.run(token, SWEEP, [this.keys.queue, this.keys.payloads], packed);
    return gone.length;
  }

  /** Of a batch that is staged nobody knows here whether it is decided: it stays, without what is to go. @returns how many writes went */
  async staged(token: string): Promise<number> {
    const id = (await this.ask('HGET', this.keys.staged, 'id')) as Buffer | null;
    if (id === null) return 0;
    let gone = 0;
    const fields = ((await this.ask('HKEYS', this.keys.staged)) as Buffer[]).map(String).filter((field) => CHUNK.test(field));
    for (const field of fields) {
      const packed = (await this.ask('HGET', this.keys.staged, field)) as Buffer;
      const swept = await this.sweptChunk(unpacked(packed));
      if (swept.gone === 0) continue;
      await this.run(token, RESTAGE, [], id, field, pack(swept.commands));
      gone += swept.gone;
    }
    return gone;
  }

  private async sweptChunk(commands: readonly Buffer[][]): Promise<{ readonly commands: Buffer[][]; readonly gone: number }> {
    const swept: Buffer[][] = [];
    let gone = 0;
    for (const command of commands) {
      const [parts, more] = await this.sweptCommand(command);
      swept.push(...parts);
      gone += more;
    }
    return { commands: swept, gone };
  }

  /** @returns what takes the place of a command, and how many of its writes are other ones now */
  private async sweptCommand([verb, at, ...args]: readonly Buffer[]): Promise<[Buffer[][], number]> {
    const [name, key] = [verb!.toString(), at!.toString()];
    const isTimer = key === this.keys.queue || key === this.keys.payloads;
    if (name === 'HSET' && !isTimer) return this.sweptRows(key, args);
    if (name !== 'ZADD' && !(name === 'HSET' && isTimer)) return [[[verb!, at!, ...args]], 0];
    // A score and a member, or a member and a payload.
    const memberAt = name === 'ZADD' ? 1 : 0;
    const pairs = pairsOf(args);
    const kept = pairs.filter((pair) => this.keepsMember(pair[memberAt], name === 'ZADD' ? Buffer.alloc(0) : pair[1]));
    return [kept.length === 0 ? [] : [[verb!, at!, ...kept.flat()]], pairs.length - kept.length];
  }

  private async sweptRows(key: string, args: readonly Buffer[]): Promise<[Buffer[][], number]> {
    const store = key.slice(this.keys.store('').length);
    const rows = pairsOf(args).map(([row, value]) => ({ store, key: row.toString(), value }));
    const values = await this.rules.rows(rows);
    const at = Buffer.from(key);
    const kept = rows.flatMap((row, nth) => (values[nth] === null ? [] : [Buffer.from(row.key), values[nth]!]));
    const deleted = rows.flatMap((row, nth) => (values[nth] === null ? [Buffer.from(row.key)] : []));
    const commands = [
      ...(kept.length > 0 ? [[Buffer.from('HSET'), at, ...kept]] : []),
      ...(deleted.length > 0 ? [[Buffer.from('HDEL'), at, ...deleted]] : []),
    ];
    return [commands, rows.filter((row, nth) => values[nth] !== row.value).length];
  }

  private keepsMember(member: Buffer, payload: Buffer): boolean {
    return this.rules.keepsTimer({ ...parseTimerMember(member), payload });
  }

  private ask(name: string, ...args: Argument[]): Promise<unknown> {
    return this.connection.command(name, args, this.keys.task);
  }

  private run(token: string, script: typeof SWEEP, written: readonly string[], ...args: Argument[]): Promise<unknown> {
    return this.connection.run(script, this.keys.task, [this.keys.meta, this.keys.staged, ...written], [token, '', ...args]);
  }
}

function pairsOf(list: readonly Buffer[]): (readonly [Buffer, Buffer])[] {
  return Array.from({ length: list.length / 2 }, (_, at) => [list[2 * at]!, list[2 * at + 1]!] as const);
}
