/**
 * What one gateway takes in: `node --import tsx bench/gateway.ts [--json] [--kafka HOST:PORT]`. Clicks of 5,000 learners over HTTP, from clients in
 * a process of their own on this machine, into a folder, or into topics of Kafka. Every event is checked, gets its pseudonym, is remembered, and is
 * durable in the log when its request is answered.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceivedEvents, createGateway, openIdentityMap } from '../gateway/index.js';
import { folderLog, kafkaLog, type OpenedLog } from '../scripts/gateway/eventLogs.js';
import { perSecond } from './measure.js';
import { progress, report, type Cell, type Table } from './report.js';

const LEARNERS = 5_000;
const EVENTS = 100_000;
const WARM_UP_EVENTS = 20_000;
/** Events a request, and requests under way at a time. */
const LOADS = [
  { events: 1, clients: 64 },
  { events: 100, clients: 16 },
  { events: 500, clients: 8 },
  { events: 1_000, clients: 8 },
] as const;

interface Load {
  readonly events: number;
  readonly clients: number;
}

function clicks(count: number, from: number): string {
  const events = Array.from({ length: count }, (_, n) => ({
    topic: 'clicks',
    learner: `mailto:learner-${(from + n) % LEARNERS}@school.example`,
    course: 'AAA-2014J',
    occurredAtMs: 1_400_000_000_000 + n,
    personal: { action: 'OPEN', item: `item-${n % 97}` },
  }));
  return JSON.stringify(count === 1 ? events[0] : events);
}

/** The clients: requests one after the other on each connection; prints their latencies, ms, as JSON. */
async function send(url: string, { events, clients }: Load, total: number, key: string): Promise<void> {
  const bodies = Array.from({ length: 16 }, (_, n) => clicks(events, n * events));
  const requests = Math.ceil(total / events);
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < requests) {
      const n = next++;
      const startMs = performance.now();
      const headers = { 'content-type': 'application/json', 'idempotency-key': `${key}-${n}` };
      const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: bodies[n % bodies.length]! });
      const { written } = (await response.json()) as { readonly written?: number };
      if (written !== events) throw new Error(`answered ${response.status}`);
      latenciesMs.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  console.log(JSON.stringify(latenciesMs));
}

/** Runs the clients in a process of their own. */
async function sent(url: string, load: Load, total: number, key: string): Promise<{ readonly latenciesMs: number[]; readonly wallMs: number }> {
  const args = [...process.execArgv, process.argv[1]!, '--client', url, JSON.stringify(load), String(total), key];
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the clients ended with ${code}`);
  return { latenciesMs: (JSON.parse(printed) as number[]).sort((a, b) => a - b), wallMs: performance.now() - startMs };
}

async function measured(url: string, load: Load): Promise<Cell[]> {
  progress(`${load.events} events a request, ${load.clients} clients`);
  const total = load.events === 1 ? EVENTS / 10 : EVENTS;
  const key = `${load.events}`;
  await sent(url, load, Math.min(WARM_UP_EVENTS, total), `warm-${key}`);
  const start = (await sent(url, load, load.events, `start-${key}`)).wallMs;
  const cpuBefore = process.cpuUsage();
  const { latenciesMs, wallMs } = await sent(url, load, total, key);
  const { user, system } = process.cpuUsage(cpuBefore);
  const rate = (total * 1_000) / (wallMs - start);
  const at = (share: number): string => `${latenciesMs[Math.floor((latenciesMs.length - 1) * share)]!.toFixed(1)} ms`;
  return [String(load.events), load.clients, rate, perSecond(((user + system) * 1e3) / total), at(0.5), at(0.99)];
}

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

function openLog(folder: string, id: string): Promise<OpenedLog> {
  const kafka = option('--kafka');
  if (kafka === undefined) return folderLog(folder, 'eu-west', id);
  return kafkaLog({ region: `bench-${id.slice(0, 8)}`, kafka, driver: 'confluent', replication: 1 }, folder, id);
}

async function table(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-bench-'));
  const identities = openIdentityMap(folder);
  const received = await ReceivedEvents.open(folder);
  const opened = await openLog(folder, received.id);
  const region = option('--kafka') === undefined ? 'eu-west' : `bench-${received.id.slice(0, 8)}`;
  const gateway = await createGateway({ region, log: opened.log, identities, received });
  try {
    const url = await gateway.listen({ port: 0 });
    const rows: Cell[][] = [];
    for (const load of LOADS) rows.push(await measured(url, load));
    const columns = ['events a request', 'clients', 'events/s', 'events/s of a busy processor', 'median', '99 %'];
    return { title: `Clicks into ${option('--kafka') === undefined ? 'a folder' : 'Kafka'}`, columns, rows };
  } finally {
    await gateway.close();
    await opened.close();
    await received.close();
    await identities.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const client = process.argv.indexOf('--client');
if (client < 0) await report('gateway', [table]);
else
  await send(process.argv[client + 1]!, JSON.parse(process.argv[client + 2]!) as Load, Number(process.argv[client + 3]), process.argv[client + 4]!);
