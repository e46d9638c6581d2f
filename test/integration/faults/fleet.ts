/** The worker processes of a run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Address } from './arena.js';
import type { Control } from './controls.js';

const PROCESS = join(import.meta.dirname, 'workerProcess.ts');

export class Fleet {
  readonly members: Member[] = [];
  /** Workers that ended although nobody meant them to. */
  readonly failures: string[] = [];
  /** The most memory that a worker had, MiB. */
  mostMemory = 0;

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

  get running(): Member[] {
    return this.members.filter(({ isRunning }) => isRunning);
  }

  sampleMemory(): void {
    for (const { process } of this.running) this.mostMemory = Math.max(this.mostMemory, residentMiB(process.pid!));
  }

  async close(): Promise<void> {
    await Promise.all(this.running.map((member) => member.kill()));
  }
}

export class Member {
  readonly process: ChildProcess;
  readonly started: Promise<void>;
  /** What it said when it came to its trap. */
  readonly trapped: Promise<string>;
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
    const exit = once(this.process, 'exit');
    this.started = Promise.race([once(lines, 'line'), exit]).then(() => undefined);
    this.process.stderr!.on('data', (bytes) => (this.stderr = (this.stderr + String(bytes)).slice(-2_000)));
    // After the last of its lines, which may say that this is meant.
    void once(this.process, 'close').then(() => {
      if (!this.isMeant) onFailure(`a worker ended by itself: ${String(this.process.exitCode)} ${this.process.signalCode ?? ''} ${this.stderr}`);
    });
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
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
    const exit = once(this.process, 'exit');
    this.process.kill(signal);
    await exit;
    return this.process.exitCode;
  }
}

/** 0 for a process that has ended. */
function residentMiB(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
