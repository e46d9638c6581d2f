/**
 * Puts events into the outbox of a folder, two at a time, and forgets what was there, when it is its turn: `appender.ts FOLDER LIFE`. Prints `kept ID` for what is durable,
 * and `read NUMBER ID` before it forgets that. Goes on until it is killed.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Outbox } from '../../../reader/outbox.js';
import { feedbackOf } from '../numberedLogs.js';

const [folder, life] = process.argv.slice(2) as [string, string];
const LEASE_MS = 40;
const outbox = await Outbox.open(folder, 'eu-west');
await outbox.unlock();
let sent = 0;

async function append(): Promise<never> {
  for (;;) {
    const id = `${life}-${sent++}`;
    await outbox.append([feedbackOf(id, 'ada')], Date.now());
    writeSync(1, `kept ${id}\n`);
    if (Math.random() < 0.2) await sleep(Math.random() * 5);
  }
}

async function forget(): Promise<never> {
  for (;;) {
    const turn = await outbox.claim(life, Date.now(), LEASE_MS);
    const rows = turn === 'other' ? [] : [...outbox.waiting()];
    writeSync(1, rows.map(({ number, event }) => `read ${number} ${event.value.eventId}\n`).join(''));
    if (rows.length === 0) await sleep(5);
    else await outbox.dropUpTo(rows.at(-1)!.number);
  }
}

writeSync(1, 'ready\n');
await Promise.all([append(), append(), forget()]);
