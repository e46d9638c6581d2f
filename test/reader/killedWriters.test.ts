/** Four processes write one outbox and are killed at random: what one of them was told is on the disk is there, and no number is given twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { Outbox } from '../../reader/outbox.js';
import { COMPILED_MS, compiledProgram } from '../fixtures/compiledTree.js';
import { newFolder } from '../fixtures/folders.js';
import { isLong } from '../fixtures/longForms.js';

const PROCESSES = 4;
/** With `overlappingSync`, LMDB's other way to flush, 1,200 kills in two minutes lost three events of nine thousand. */
const LASTS_MS = isLong('FAULTS') ? 240_000 : 8_000;
const LONGEST_LIFE_MS = 150;

let program: string;
beforeAll(async () => {
  program = await compiledProgram('test/reader/children/appender.ts');
}, COMPILED_MS);

/** What the processes have said. */
class Heard {
  readonly kept: string[] = [];
  /** What had a number when it was read. */
  readonly read = new Map<string, string>();
  readonly wrong: string[] = [];
  kills = 0;

  line(line: string): void {
    const [what, first = '', id = ''] = line.split(' ');
    if (what === 'kept') this.kept.push(first);
    else if (what === 'read') this.number(first, id);
    else if (what !== 'ready') this.wrong.push(line);
  }

  private number(number: string, id: string): void {
    const other = this.read.get(number) ?? id;
    if (other !== id) this.wrong.push(`${number} is the number of ${other} and of ${id}`);
    this.read.set(number, id);
  }
}

async function oneLife(folder: string, life: string, heard: Heard): Promise<void> {
  const child = spawn(process.execPath, [program, folder, life], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let rest = '';
  child.stdout.on('data', (bytes: Buffer) => {
    const lines = (rest + bytes.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') heard.line(line);
  });
  child.stderr.on('data', (bytes: Buffer) => heard.wrong.push(bytes.toString()));
  await Promise.race([once(child.stdout, 'data'), closed]);
  await sleep(Math.random() * LONGEST_LIFE_MS);
  child.kill('SIGKILL');
  await closed;
  if (child.signalCode !== 'SIGKILL') heard.wrong.push(`${life} ended by itself with ${child.exitCode}`);
  heard.kills++;
}

async function lives(folder: string, process: number, heard: Heard): Promise<void> {
  const end = Date.now() + LASTS_MS;
  for (let life = 0; Date.now() < end; life++) await oneLife(folder, `${process}.${life}`, heard);
}

it('what is kept by one of four processes that are killed is there', { timeout: LASTS_MS + 60_000 }, async () => {
  const [folder, heard] = [newFolder(), new Heard()];
  await Promise.all(Array.from({ length: PROCESSES }, (_, process) => lives(folder, process, heard)));
  const outbox = await Outbox.open(folder, 'eu-west');
  await outbox.unlock();
  for (const { number, event } of outbox.waiting()) heard.line(`read ${number} ${event.value.eventId}`);
  await outbox.close();
  expect(heard.wrong).toEqual([]);
  expect(heard.kills).toBeGreaterThan(2 * PROCESSES);
  expect(heard.kept.length).toBeGreaterThan(heard.kills);
  const there = new Set(heard.read.values());
  expect(heard.kept.filter((id) => !there.has(id))).toEqual([]);
});
