/** The worker processes of a run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Address } from './arena.js';
import type { Control } from './controls.js';

const PROCESS = join(import.meta.dirname, 'workerProcess.ts');
const MOST_TRIES = 5;
const SAMPLE_MS = 1_000;
const LOOK_MS = 100;
const HEAR_MS = 60_000;

export class Fleet {
  readonly members: Member[] = [];
  /** Workers that ended although nobody meant them to. */
  readonly failures: string[] = [];
  private readonly sampling = setInterval(() => this.sampleMemory(), SAMPLE_MS).unref();

  constructor(
    private readonly address: Address,
    private readonly control: Control | null,
  ) {}

  /** Starts a worker, and waits until it has joined or has come to its trap. @param trap - as `workerProcess.ts` reads it */
  async start(trap?: string): Promise<Member> {
    const member = new Member(this.address, { SFS_TEST_FAULT: trap, SFS_TEST_CONTROL: this.control ?? undefined }, (text) =>
      this.failures.push(text),
    );
    this.members.push(member);
    await member.started;
    return member;
  }

  /** Starts workers until so many run. @throws where they end at once, again and again */
  async fillUp(count: number): Promise<void> {
    for (let tries = 0; this.running.length < count; tries++) {
      if (tries > MOST_TRIES) throw new Error(`workers do not start: ${this.failures.at(-1) ?? 'no reason given'}`);
      await Promise.all(Array.from({ length: count - this.running.length }, () => this.start()));
    }
  }

  get running(): Member[] {
    return this.members.filter(({ isRunning }) => isRunning);
  }

  /** The most memory that a worker had at any time, MiB. */
  get mostMemory(): number {
    return Math.max(0, ...this.members.map(({ peakMiB }) => peakMiB));
  }

  /** Resolves with a line that some worker has said, or says soon. @throws where none does */
  async heard(text: string): Promise<string> {
    for (const until = performance.now() + HEAR_MS; performance.now() < until; await sleep(LOOK_MS)) {
      const line = this.members.flatMap(({ said }) => said).find((one) => one.includes(text));
      if (line !== undefined) return line;
    }
    throw new Error(`no worker said "${text}"`);
  }

  /** Has every worker write down what its tasks are at. @returns the folder */
  tellState(): string {
    for (const member of this.running) member.process.kill('SIGUSR2');
    return tmpdir();
  }

  private sampleMemory(): void {
    for (const member of this.running) member.sampleMemory();
  }

  async close(): Promise<void> {
    clearInterval(this.sampling);
    await Promise.all(this.running.map((member) => member.kill()));
  }
}

export class Member {
  readonly process: ChildProcess;
  readonly started: Promise<void>;
  /** What it said when it came to its trap. */
  readonly trapped: Promise<string>;
  /** Its lines so far. */
  readonly said: string[] = [];
  /** The most memory that it had up to the last sample: the system keeps the peak, so that none between two samples is missed. */
  peakMiB = 0;
  private isMeant = false;
  private stderr = '';

  constructor(address: Address, env: Readonly<Record<string, string | undefined>>, onFailure: (text: string) => void) {
    this.process = spawn(process.execPath, ['--import', 'tsx', PROCESS, JSON.stringify(address)], {
      // It ends with whoever holds the other end of its input, however that one ends.
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const lines = createInterface(this.process.stdout!);
    this.trapped = new Promise((resolve) => lines.on('line', (line) => line.startsWith('trap') && resolve(line)));
    void this.trapped.then((line) => (this.isMeant = line.includes('kill') || this.isMeant));
    lines.on('line', (line) => this.said.push(line));
    const exit = once(this.process, 'exit');
    const joined = new Promise((resolve) => lines.on('line', (line) => (line === 'ready' || line.startsWith('trap')) && resolve(line)));
    this.started = Promise.race([joined, exit]).then(() => undefined);
    this.process.stderr!.on('data', (bytes) => (this.stderr = (this.stderr + String(bytes)).slice(-2_000)));
    // After the last of its lines, which may say that this is meant.
    void once(this.process, 'close').then(() => {
      if (!this.isMeant) onFailure(`a worker ended by itself: ${String(this.process.exitCode)} ${this.process.signalCode ?? ''} ${this.stderr}`);
    });
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  sampleMemory(): void {
    this.peakMiB = Math.max(this.peakMiB, peakMiBOf(this.process.pid!));
  }

  /** Ends it in good order. @returns its exit code */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  async kill(): Promise<number | null> {
    return this.end('SIGKILL');
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (!this.isRunning) return this.process.exitCode;
    this.isMeant = true;
    this.sampleMemory();
    const exit = once(this.process, 'exit');
    this.process.kill(signal);
    await exit;
    return this.process.exitCode;
  }
}

/** 0 for a process that has ended. */
function peakMiBOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
