/** Readers that take events and are killed, alone and two on one folder: every event that was accepted is in the log once, each learner's in order. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import type { ReaderEvent } from '../../reader/index.js';
import { errorCodeOf } from '../../schemas/index.js';
import { COMPILED_MS, compiledProgram } from '../fixtures/compiledTree.js';
import { newFolder } from '../fixtures/folders.js';
import { NumberedLogs, away } from './numberedLogs.js';

interface Question {
  readonly call: number;
  readonly kind: 'open' | 'append';
  readonly name: string;
  readonly epoch: number;
  readonly batch: number;
  readonly events: readonly ReaderEvent[];
}

async function answer(log: NumberedLogs, { kind, name, epoch, batch, events }: Question): Promise<unknown> {
  if (kind === 'append') return log.append(name, epoch, batch, events);
  await log.before('open');
  return log.take(name);
}

/** A log that is away, slow, or takes what it does not confirm, as it comes. */
function moody(): NumberedLogs {
  const log = new NumberedLogs();
  const mood = async (): Promise<void> => {
    const chance = Math.random();
    if (chance < 0.2) throw away();
    if (chance < 0.5) await sleep(Math.random() * 30);
  };
  [log.before, log.after] = [mood, mood];
  return log;
}

let program: string;
beforeAll(async () => {
  program = await compiledProgram('test/reader/children/sender.ts');
}, COMPILED_MS);

interface Sender {
  readonly child: ChildProcess;
  /** Numbers of the events that it has said to have. */
  readonly accepted: number[];
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
}

function sender(log: NumberedLogs, folder: string, learner: string, first: number, count: number): Sender {
  const args = [program, folder, learner, String(first), String(count)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  child.on('message', (question: Question) => {
    const { call } = question;
    const tell = (reply: object): void => {
      if (child.connected) child.send({ call, ...reply }, () => undefined);
    };
    answer(log, question).then(
      (value) => tell({ value }),
      (error: unknown) => tell({ code: errorCodeOf(error) }),
    );
  });
  const accepted: number[] = [];
  let rest = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout!.on('data', (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line !== 'ready') accepted.push(Number(line.split(' ')[1]));
      resolve();
    });
    child.stdout!.on('close', resolve);
  });
  return { child, accepted, ready, ended: once(child, 'close') };
}

/** Starts at the first number that no earlier one has sent: what was sent and not accepted may be there, once. */
async function killedOnce(log: NumberedLogs, folder: string, learner: string, first: number, afterMs: number): Promise<readonly number[]> {
  const { child, accepted, ready, ended } = sender(log, folder, learner, first, 100_000);
  await ready;
  await sleep(afterMs);
  child.kill('SIGKILL');
  await ended;
  return accepted;
}

const KILLS = 8;
const ROOM = 100_000;

/** What a learner's senders accepted over several kills. */
async function sentBy(log: NumberedLogs, folder: string, learner: string): Promise<number[]> {
  const all: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) all.push(...(await killedOnce(log, folder, learner, kill * ROOM, Math.random() * 400)));
  return all;
}

/** Lets one more forward what is left. */
async function drained(log: NumberedLogs, folder: string): Promise<void> {
  [log.before, log.after] = [() => Promise.resolve(), () => Promise.resolve()];
  const { ended } = sender(log, folder, 'last', 0, 1);
  await ended;
}

function expectOnce(log: NumberedLogs, learner: string, accepted: readonly number[]): void {
  const found = log.ids.filter((id) => id.startsWith(`${learner}-`)).map((id) => Number(id.slice(learner.length + 1)));
  expect(new Set(found).size, 'none twice').toBe(found.length);
  const there = new Set(found);
  expect(accepted.filter((number) => !there.has(number))).toEqual([]);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
}

it('an outbox whose reader is killed at random loses and doubles nothing', { timeout: 240_000 }, async () => {
  const [log, folder] = [moody(), newFolder()];
  const accepted = await sentBy(log, folder, 'ada');
  await drained(log, folder);
  expect(accepted.length).toBeGreaterThan(KILLS);
  expectOnce(log, 'ada', accepted);
});

it('two readers on one folder, both killed at random, lose and double nothing', { timeout: 240_000 }, async () => {
  const [log, folder] = [moody(), newFolder()];
  const [ada, ben] = await Promise.all(['ada', 'ben'].map((learner) => sentBy(log, folder, learner)));
  await drained(log, folder);
  expect(log.names.size).toBe(1);
  expectOnce(log, 'ada', ada!);
  expectOnce(log, 'ben', ben!);
});
