/** The commands of how-tos that need servers run as they stand there, on a small school; where the servers are is in the environment, or put into the line. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi, type TestContext } from 'vitest';
import { skipPastHalfTime } from '../fixtures/halfTime.js';
import { newRegion } from '../integration/cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis, sharedRegistry } from '../integration/servers.js';
import { newProject, runCli, startCli, type CliChild, type CliResult } from '../scripts/commands/cliProcess.js';
import { allBlocks } from './documents.js';

const DEADLINE_MS = 400_000;
const PROGRAM = /^(?:skillforge|node dist\/scripts\/skillforge\.js) /;
const SMALL = ['generate', '--learners', '10', '--days', '2', '--events-per-day', '60'];

let runs: CliChild[] = [];
beforeEach(skipPastHalfTime);
beforeEach(() => void (runs = []));
afterEach(() => {
  runs.forEach(({ process }) => void process.kill('SIGKILL'));
  vi.unstubAllEnvs();
});

/** The command lines of a page, without the name of the program. */
const commandsOf = (path: string): string[][] =>
  allBlocks(path).flatMap(({ info, text }) => (info === 'sh' ? [text.trim().replace(PROGRAM, '').split(' ')] : []));

/** A region of its own on the shared servers. */
class Servers {
  readonly region = newRegion();

  private constructor(
    private readonly project: string,
    private readonly addresses: ReadonlyMap<string, string>,
  ) {}

  static async of(context: TestContext): Promise<Servers> {
    const [kafka, redis] = [await sharedKafka(context), await sharedRedis(context)];
    vi.stubEnv('SKILLFORGE_KAFKA', kafka);
    vi.stubEnv('SKILLFORGE_REDIS_URL', redis);
    return new Servers(
      newProject(),
      new Map([
        ['localhost:9092', kafka],
        ['redis://localhost:6379', redis],
      ]),
    );
  }

  /** Runs a command to its end, which must be a good one. */
  async ran(args: readonly string[]): Promise<CliResult> {
    const result = await runCli(this.lineOf(args), this.project);
    expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result;
  }

  start(args: readonly string[]): CliChild {
    const run = startCli(this.lineOf(args), this.project);
    runs.push(run);
    return run;
  }

  /** Makes a topology, which takes no servers. */
  async declared(name: string): Promise<void> {
    expect(await runCli(['topology', 'new', name], this.project)).toMatchObject({ code: 0 });
  }

  /** Starts a run, and waits until the last of its topologies is known on the servers. */
  async startRun(args: readonly string[]): Promise<void> {
    this.start(args);
    const options = args.findIndex((arg) => arg.startsWith('--'));
    const known = this.lineOf(['lag', args.at(options < 0 ? -1 : options - 1)!]);
    for (const until = Date.now() + DEADLINE_MS; (await runCli(known, this.project)).code !== 0 && Date.now() < until;) await sleep(500);
  }

  private lineOf(args: readonly string[]): string[] {
    return [...args.map((arg) => this.addresses.get(arg) ?? arg), '--region', this.region];
  }
}

/** Ctrl+C, as orchestrators send it. */
async function stopped(all: readonly CliChild[]): Promise<void> {
  for (const { process, result } of all) {
    process.kill('SIGTERM');
    const { code, stderr } = await result;
    expect(code, stderr).toBe(0);
  }
}

describe('docs/how-to/rescale.md', () => {
  it('has commands that run', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const servers = await Servers.of(context);
    for (const args of commandsOf('docs/how-to/rescale.md')) {
      if (args[0] === 'run') await servers.startRun(args);
      else await servers.ran(args);
    }
    expect(runs).toHaveLength(2);
    await stopped(runs);
  });
});

describe('docs/how-to/change-a-schema.md', () => {
  it('has commands that run', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const servers = await Servers.of(context);
    vi.stubEnv('SKILLFORGE_REGISTRY', await sharedRegistry(context));
    const commands = commandsOf('docs/how-to/change-a-schema.md');
    expect(commands).not.toHaveLength(0);
    for (const args of commands) await servers.ran(args);
  });
});

describe('docs/how-to/survive-a-failover.md', () => {
  it('has commands that run', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const servers = await Servers.of(context);
    const commands = commandsOf('docs/how-to/survive-a-failover.md');
    const run = commands.find(([name]) => name === 'run')!;
    // What is looked at runs already.
    await servers.startRun(run);
    for (const args of commands) if (args !== run) await servers.ran(args);
    expect(commands.map(([name]) => name)).toEqual(['lag', 'dlq', 'run']);
    await stopped(runs);
  });
});

describe('docs/how-to/run-on-kafka.md', () => {
  it('has commands that run', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const servers = await Servers.of(context);
    const done: string[] = [];
    for (const args of commandsOf('docs/how-to/run-on-kafka.md')) {
      const [name] = args;
      done.push(name!);
      if (name === 'run') await servers.startRun(args);
      else if (name === 'reader') await servedBy(servers.start([...args, '--port', '0', '--json']));
      else if (name === 'generate') await servers.ran([...SMALL, ...args.slice(args.indexOf('--kafka'))]);
      else await servers.ran(args);
    }
    expect(done).toEqual(['run', 'generate', 'run', 'reader', 'recommendations']);
    await stopped(runs);
  });

  /** The page shows what /readyz says. */
  async function servedBy({ process: reader }: CliChild): Promise<void> {
    let printed = '';
    reader.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    await expect.poll(() => printed, { timeout: DEADLINE_MS, interval: 100 }).toContain('"ready":true');
    const { url } = JSON.parse(printed.split('\n')[0]!) as { readonly url: string };
    expect(await (await fetch(`${url}/readyz`)).json()).toMatchObject({ trouble: null });
  }
});

describe('docs/how-to/replay-a-day.md', () => {
  it('has commands that run on servers', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
    const servers = await Servers.of(context);
    // As the first tutorial makes it.
    await servers.declared('study-days');
    await servers.ran(SMALL);
    await servers.ran(['run', 'study-days', '--until-end']);
    const commands = commandsOf('docs/how-to/replay-a-day.md');
    for (const args of commands) await servers.ran(args);
    expect(commands.map(([, step]) => step)).toEqual(['plan', 'run', 'diff', 'promote', 'promote', 'drop', 'run', 'drop']);
  });
});
