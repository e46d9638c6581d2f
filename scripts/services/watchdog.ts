/**
 * Ends servers and removes their data when the process that started them is gone, however it went: also by `kill -9`.
 *
 * The watchdog is a shell that reads its standard input, a pipe. This process holds the other end, and the kernel closes it with the
 * process. A server tells the watchdog its process id through a copy of that end before it becomes the server, and closes the copy then:
 * so the watchdog reads to the end only when it has heard of all, and no moment is left in which a server could be missed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Lines: `+7` a process began, `-7` it has ended. Each process leads a group, so that its own children end with it. */
const WATCH = `
trap '' INT TERM HUP QUIT
alive=
while read -r line; do
  id=\${line#?}
  rest=
  for one in $alive; do [ "$one" = "$id" ] || rest="$rest $one"; done
  alive=$rest
  case $line in +*) alive="$alive $id" ;; esac
done
for id in $alive; do kill -9 -"$id" 2>/dev/null; done
for try in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$1" 2>/dev/null && exit 0
  sleep 0.5
done
`;

/** Tells its id, closes the pipe, and becomes the program. */
const ANNOUNCED = 'echo "+$$" >&3; exec "$@" 3>&-';

/** What a watched process writes to and where it works. */
export interface WatchedOptions {
  readonly cwd: string;
  /** File descriptor for both outputs. */
  readonly output: number;
  /** By default those of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** Watches over the processes that are started through it, and over one folder. */
export class Watchdog {
  private readonly shell: ChildProcess;
  private readonly pipe: Socket;

  constructor(private readonly folder: string) {
    // In a session of its own: a Ctrl+C at the terminal is meant for the process that holds the pipe.
    this.shell = spawn('sh', ['-c', WATCH, 'watchdog', folder], { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] });
    this.pipe = this.shell.stdin as Socket;
    this.pipe.on('error', () => undefined); // somebody ended the watchdog: close() still removes the folder
    this.pipe.unref();
    this.shell.unref();
  }

  /** Starts a program in a process group of its own, which does not keep this process alive. */
  start(program: string, args: readonly string[], { cwd, output, env }: WatchedOptions): ChildProcess {
    const stdio = ['ignore', output, output, this.pipe] as const;
    const child = spawn('sh', ['-c', ANNOUNCED, 'sh', program, ...args], { cwd, env, detached: true, stdio: [...stdio] });
    child.once('exit', () => this.pipe.write(`-${child.pid ?? ''}\n`));
    child.unref();
    return child;
  }

  /** Ends what still runs and removes the folder. */
  async close(): Promise<void> {
    const ended = this.shell.exitCode === null && this.shell.signalCode === null ? once(this.shell, 'exit') : null;
    this.shell.ref();
    this.pipe.end();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
