/**
 * Requests to a server of this machine, at a rate or as fast as they are answered. Both take a core of their own and wait without sleeping: a timer would be
 * late by a millisecond, and whoever sleeps has to be woken up by the server's own call that sends the answer, which on a virtual machine costs more than
 * the answer.
 */
import { connect, type Socket } from 'node:net';

/** What is asked, and how often. */
export interface LoadOptions {
  readonly port: number;
  /** Path of the next request. */
  readonly nextPath: () => string;
  readonly perSecond: number;
  readonly seconds: number;
  /** Connections that are kept open; a request that finds none free waits, and its time counts (64). */
  readonly connections?: number;
}

/** What came of it. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly mostMs: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>;
}

const CONNECTIONS = 64;
/** In place of a status: the server closed the connection before it answered. */
const CLOSED = 'closed';
const END_OF_HEAD = '\r\n\r\n';

/** A connection that asks one thing at a time. */
class Line {
  private received = '';
  private onAnswer: ((status: string) => void) | null = null;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.take(text));
    socket.on('close', () => this.answer(CLOSED));
  }

  static async open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Line(socket);
  }

  ask(path: string, onAnswer: (status: string) => void): void {
    this.onAnswer = onAnswer;
    this.socket.write(`GET ${path} HTTP/1.1\r\nhost: bench\r\n\r\n`);
  }

  close(): void {
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const head = this.received.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(this.received.slice(0, head)) ?? [];
    if (this.received.length < head + END_OF_HEAD.length + Number(length)) return;
    const status = this.received.slice(9, 12);
    this.received = '';
    this.answer(status);
  }

  private answer(status: string): void {
    const told = this.onAnswer;
    this.onAnswer = null;
    told?.(status);
  }
}

/** The instants at which requests are due, ms from the start: those of people who know nothing of each other (a Poisson process). */
function dueTimes({ perSecond, seconds }: LoadOptions): Float64Array {
  const times: number[] = [];
  for (let atMs = 0; ;) {
    atMs -= (Math.log(1 - Math.random()) * 1_000) / perSecond;
    if (atMs >= seconds * 1_000) return Float64Array.from(times);
    times.push(atMs);
  }
}

/**
 * Requests at a rate, whatever the server does: each has an instant at which it is due, and its latency counts from there. A server that falls behind is not
 * asked less often for it, as it would be by clients that wait for their answers (coordinated omission).
 */
export async function pacedLoad(options: LoadOptions): Promise<LoadResult> {
  const lines = await Promise.all(Array.from({ length: options.connections ?? CONNECTIONS }, () => Line.open(options.port)));
  const due = dueTimes(options);
  const latencies = new Float64Array(due.length);
  const statuses: Record<string, number> = {};
  const free = [...lines];
  const startMs = performance.now();
  let [sent, answered] = [0, 0];
  const sendDue = (): void => {
    while (sent < due.length && free.length > 0 && performance.now() - startMs >= due[sent]!) {
      const at = sent++;
      const line = free.pop()!;
      line.ask(options.nextPath(), (status) => {
        latencies[at] = performance.now() - startMs - due[at]!;
        statuses[status] = (statuses[status] ?? 0) + 1;
        answered++;
        free.push(line);
      });
    }
  };
  while (answered < due.length) {
    sendDue();
    await nextTurn();
  }
  const tookS = (performance.now() - startMs) / 1_000;
  for (const line of lines) line.close();
  return { perSecond: due.length / tookS, ...quantiles(latencies), statuses };
}

/** Requests as fast as they are answered: each connection asks again at once, until the time is over. */
export async function fullLoad({ port, nextPath, seconds, connections = CONNECTIONS }: Omit<LoadOptions, 'perSecond'>): Promise<LoadResult> {
  const lines = await Promise.all(Array.from({ length: connections }, () => Line.open(port)));
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const startMs = performance.now();
  let open = lines.length;
  const askOn = (line: Line): void => {
    const askedMs = performance.now();
    if (askedMs - startMs >= seconds * 1_000) {
      open--;
      return;
    }
    line.ask(nextPath(), (status) => {
      latencies.push(performance.now() - askedMs);
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === CLOSED) open--;
      else askOn(line);
    });
  };
  lines.forEach(askOn);
  while (open > 0) await nextTurn();
  const tookS = (performance.now() - startMs) / 1_000;
  for (const line of lines) line.close();
  return { perSecond: latencies.length / tookS, ...quantiles(Float64Array.from(latencies)), statuses };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function quantiles(latencies: Float64Array): Pick<LoadResult, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'mostMs'> {
  const sorted = latencies.sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), mostMs: at(1) };
}
