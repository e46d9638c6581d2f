/** One server as a process of this machine, which can be killed, stopped and started again. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError } from '../../schemas/index.js';
import { HOST } from './freePorts.js';
import type { Watchdog } from './watchdog.js';

/** Generous: a machine that runs tests may be busy with a dozen other things. */
const START_LIMIT_MS = 480_000;
const LOOK_MS = 100;
const LOG_TAIL = 3_000;
const PORT_TAKEN = /Address already in use|BindException|already bound/i;

/** What all servers of one start have in common. */
export interface ServerHost {
  /** Temporary folder that each server has a folder of its own in. */
  readonly folder: string;
  readonly watchdog: Watchdog;
  /** Takes a line of progress. */
  readonly report: (line: string) => void;
  /** Told of a server that ended although nobody killed it. */
  readonly onCrash: (server: Server) => void;
}

/** How a program is started. */
export interface WatchedCommand {
  /** Such as `kafka-1`. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Its working folder; its log is beside it. */
  readonly folder: string;
  /** Environment variables; by default those of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/** How a server is started. */
export interface ServerCommand extends WatchedCommand {
  readonly port: number;
  /** Whether it serves. @param log - what it has printed since this start */
  readonly isReady: (log: string) => boolean | Promise<boolean>;
}

/** A server that runs, or that a test has killed. */
export interface Server {
  readonly name: string;
  /** Such as `127.0.0.1:19092`; stays through a restart. */
  readonly address: string;
  readonly port: number;
  /** `null` while it does not run. */
  readonly pid: number | null;
  /** File that takes what it prints. */
  readonly logFile: string;
  /** Sends a signal that ends it, by default SIGKILL, and waits until it is gone. */
  kill(signal?: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing. */
  stop(): void;
  /** SIGCONT, after {@link Server.stop}. */
  cont(): void;
  /** Starts it again on its port and its data, killed first (SIGKILL) where it still runs; waits until it serves. @throws SFS_SERVICE_FAILED */
  restart(): Promise<void>;
}

const logFileOf = (host: ServerHost, name: string): string => join(host.folder, `${name}.log`);

/** Runs a program to its end. @throws SFS_SERVICE_FAILED when it fails */
export async function runOnce(host: ServerHost, { name, program, args, folder, env }: WatchedCommand): Promise<void> {
  const logFile = logFileOf(host, name);
  const log = openSync(logFile, 'w');
  const child = host.watchdog.start(program, args, { cwd: folder, output: log, env });
  closeSync(log);
  child.ref();
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new SkillForgeError('SFS_SERVICE_FAILED', `${name} failed: ${readFileSync(logFile, 'utf8').trimEnd().slice(-LOG_TAIL)}`);
}

/** Starts a server and waits until it serves. @throws SFS_SERVICE_FAILED; then nothing of it runs */
export async function startServer(host: ServerHost, command: ServerCommand): Promise<Server> {
  const server = new ServerProcess(host, command);
  await server.restart();
  return server;
}

/** Servers that are started at once: all of them, or none. @throws what the first one that failed did */
export async function startTogether(starts: readonly Promise<Server>[]): Promise<Server[]> {
  const ends = await Promise.allSettled(starts);
  const servers = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure === undefined) return servers;
  await Promise.all(servers.map((server) => server.kill()));
  throw failure.reason;
}

class ServerProcess implements Server {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly logFile: string;
  private child: ChildProcess | null = null;
  /** Length of the log when this start began. */
  private logStart = 0;
  private expectsEnd = false;

  constructor(
    private readonly host: ServerHost,
    private readonly command: ServerCommand,
  ) {
    this.name = command.name;
    this.port = command.port;
    this.address = `${HOST}:${command.port}`;
    this.logFile = logFileOf(host, command.name);
  }

  get pid(): number | null {
    return this.child?.pid ?? null;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.expectsEnd = true;
    child.ref();
    const ended = once(child, 'exit');
    this.signal(signal);
    await ended;
  }

  stop(): void {
    this.signal('SIGSTOP');
  }

  cont(): void {
    this.signal('SIGCONT');
  }

  async restart(): Promise<void> {
    await this.kill();
    const log = openSync(this.logFile, 'a');
    try {
      this.logStart = readFileSync(this.logFile).length;
      this.launch(log);
    } finally {
      closeSync(log);
    }
    await this.untilReady();
  }

  private launch(output: number): void {
    const { program, args, folder, env } = this.command;
    const child = this.host.watchdog.start(program, args, { cwd: folder, output, env });
    this.child = child;
    // An end before it serves is an error of the start, not a crash.
    this.expectsEnd = true;
    child.once('error', () => (this.child = null));
    child.once('exit', () => {
      this.child = null;
      if (!this.expectsEnd) this.host.onCrash(this);
    });
  }

  private async untilReady(): Promise<void> {
    const limitMs = performance.now() + START_LIMIT_MS;
    while (this.child !== null) {
      if (await this.command.isReady(this.log())) {
        this.expectsEnd = false;
        return;
      }
      if (performance.now() > limitMs) break;
      await sleep(LOOK_MS);
    }
    const what = this.child === null ? 'ended instead of serving' : `does not serve after ${START_LIMIT_MS / 1000} s`;
    await this.kill();
    const log = this.log().trimEnd();
    throw new SkillForgeError('SFS_SERVICE_FAILED', `${this.name} ${what}; the end of its log:\n${log.slice(-LOG_TAIL)}`, {
      context: { server: this.name, portTaken: PORT_TAKEN.test(log) },
    });
  }

  /** What it has printed since this start. */
  private log(): string {
    return readFileSync(this.logFile).subarray(this.logStart).toString();
  }

  /** To the whole group: a Redis that saves has a child. */
  private signal(signal: NodeJS.Signals): void {
    if (this.pid !== null) process.kill(-this.pid, signal);
  }
}
