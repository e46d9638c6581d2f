/** A reader that is killed loses and doubles nothing: at any instant the view is exactly the log up to its positions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { LmdbViewStore } from '../../reader/lmdbViewStore.js';
import { emptyHead, rowKey } from '../../reader/viewStore.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { LogRecord } from '../../runtime/ports.js';
import { topics } from '../../schemas/index.js';
import { Shelves, recommendation } from './shelves.js';
import { COMPILED_MS, compiledProgram } from '../fixtures/compiledTree.js';
import { newFolder } from '../fixtures/folders.js';

const RECORDS = 12_000;
const LEARNERS = 900;
const KILLS = 12;
const MOST_KILLS = 48;
const TOPIC = 'eu-west.recommendations';
const NAME = topics.recommendations.name;

const folder = newFolder();
const log = new Map<number, LogRecord[]>();
let follower: string;

beforeAll(async () => {
  follower = await compiledProgram('test/reader/children/follower.ts');
  const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
  await fill(storage);
  for (let partition = 0; partition < topics.recommendations.partitions; partition++) {
    log.set(partition, storage.log.read(TOPIC, partition, 0, RECORDS));
  }
  await storage.close();
}, COMPILED_MS);

/** Each learner several times, now and then deleted: the order decides what is left. */
async function fill(storage: EmbeddedStorage): Promise<void> {
  const shelves = new Shelves(storage.log);
  const records = Array.from({ length: RECORDS }, (_, n) => {
    const made = recommendation(`l${(n * 7919) % LEARNERS}`, { 'AAA-2014J': { next: [`n${n}`] } });
    const record = shelves.record(topics.recommendations, made);
    return n % 11 === 5 ? { ...record, value: null } : record;
  });
  await storage.log.append(records);
}

interface Ending {
  readonly next: number;
  readonly whole: boolean;
}

/** Starts a follower, lets it run for some time after it is ready, to its end, or to where it tears a change, kills it, and compares what it left with the log. */
async function killOnce(view: string, after: number | 'end' | 'torn', torn: readonly string[] = []): Promise<Ending> {
  const child = spawn(process.execPath, [follower, folder, view, ...torn], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'close');
  // Read to the end: a pipe that is closed would end it before the kill does.
  await new Promise<void>((resolve) => {
    let printed = '';
    const isTold = (): boolean => printed.includes(typeof after === 'number' ? 'ready' : after);
    child.stdout.on('data', (bytes) => {
      printed += String(bytes);
      if (isTold()) resolve();
    });
    child.stdout.on('close', resolve);
  });
  if (typeof after === 'number') await sleep(after);
  child.kill('SIGKILL');
  await exited;
  return compare(view);
}

async function compare(view: string): Promise<Ending> {
  const store = LmdbViewStore.open(view);
  const { positions } = store.head().head ?? emptyHead('eu-west', null, 0);
  const nextOf = (partition: number): number => positions[`${TOPIC}/${partition}`]?.next ?? 0;
  const expected = new Map<string, Buffer>();
  for (const [partition, records] of log) {
    for (const { key, value } of records.slice(0, nextOf(partition))) {
      if (value === null) expected.delete(rowKey(NAME, key!.toString()));
      else expected.set(rowKey(NAME, key!.toString()), value);
    }
  }
  const found = [...store.scan('')];
  await store.close();
  const next = [...log.keys()].reduce((sum, partition) => sum + nextOf(partition), 0);
  return { next, whole: found.length === expected.size && found.every(({ key, value }) => expected.get(key)?.equals(value) === true) };
}

describe('a reader killed with SIGKILL at a random moment', () => {
  it('leaves a view that is the log up to its positions, and goes on from there', { timeout: 180_000 }, async () => {
    let [view, last, spreadMs, within] = [newFolder(), 0, 25, 0];
    // Kills that came before the first record or after the last one tell nothing: how long a reader takes depends on the machine.
    for (let kill = 0; kill < KILLS || (within === 0 && kill < MOST_KILLS); kill++) {
      const { next, whole } = await killOnce(view, Math.random() * spreadMs);
      expect({ whole, goesOn: next >= last }).toEqual({ whole: true, goesOn: true });
      if (next > last && next < RECORDS) within++;
      if (next === last) spreadMs *= 2;
      last = next;
      if (next === RECORDS) [view, last, spreadMs] = [newFolder(), 0, spreadMs / 3];
    }
    expect(within).toBeGreaterThan(0);
    expect(await killOnce(view, 'end')).toEqual({ next: RECORDS, whole: true });
  });

  it.each(['rows', 'head'])('would be found out if it wrote its %s first, and the rest in a second step', { timeout: 90_000 }, async (first) => {
    for (let kill = 0; kill < 10; kill++) if (!(await killOnce(newFolder(), 'torn', [first])).whole) return;
    expect.unreachable('no kill fell between the two steps');
  });

  it('differs by nothing from a torn view that is left to its end, so that it is the kill that tells', async () => {
    expect(await killOnce(newFolder(), 'end', ['rows'])).toEqual({ next: RECORDS, whole: true });
  });
});
