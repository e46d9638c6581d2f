/** Two Redis servers behind one address: a primary that keeps an append-only file, and its replica. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startServices, type Server, type Services } from '../../../scripts/services/index.js';
import { redisCommand } from '../../../scripts/services/redisCommand.js';
import { Proxy } from '../redis/proxy.js';

const DEADLINE_MS = 120_000;

export class RedisPair {
  /** How often acknowledged writes were lost. */
  rollbacks = 0;

  private constructor(
    private readonly services: readonly Services[],
    private readonly proxy: Proxy,
    private primary: Server,
    private replica: Server,
  ) {}

  static async start(): Promise<RedisPair> {
    const services = [await startServices({ redis: 'single', appendOnly: true }), await startServices({ redis: 'single', appendOnly: true })];
    const [primary, replica] = services.map(({ redis }) => redis!.servers[0]!) as [Server, Server];
    const pair = new RedisPair(services, await Proxy.start(primary.port), primary, replica);
    await pair.follow();
    return pair;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.proxy.port}`;
  }

  /** Kills the primary and starts it on its file: nothing is lost. */
  async killAndRestart(awayMs: number): Promise<string> {
    const before = this.primary.pid;
    await this.primary.kill();
    await sleep(awayMs);
    await this.primary.restart();
    return `pid ${before} became ${this.primary.pid}, ${String(await this.ask(this.primary, 'DBSIZE', /:(\d+)/))} keys came back from the file`;
  }

  /** The replica stops to follow, and takes over when the primary has got ahead of it. */
  async failOver(leastBytes: number): Promise<string> {
    const { primary, replica } = this;
    await redisCommand(replica.port, ['REPLICAOF', 'NO', 'ONE']);
    const from = await this.offset(primary);
    let lost = 0;
    for (const until = Date.now() + DEADLINE_MS; lost < leastBytes && Date.now() < until; await sleep(50)) lost = (await this.offset(primary)) - from;
    await primary.kill();
    this.proxy.lead(replica.port);
    [this.primary, this.replica] = [replica, primary];
    if (lost > 0) this.rollbacks++;
    await primary.restart();
    await this.follow();
    return `${lost} bytes of acknowledged writes lost`;
  }

  /** Holds the connections, and answers nothing. */
  async freeze(ms: number): Promise<string> {
    this.primary.stop();
    const answer = await Promise.race([redisCommand(this.primary.port, ['PING']), sleep(ms, 'none')]);
    this.primary.cont();
    if (answer !== 'none') throw new Error(`PING had the answer ${String(answer)}`);
    return `PING had no answer for ${ms} ms`;
  }

  /** Nobody gets through to it, while it goes on. */
  async cutOff(ms: number): Promise<string> {
    const { primary, proxy } = this;
    proxy.leadNowhere();
    const answer = await redisCommand(proxy.port, ['PING']);
    const direct = await redisCommand(primary.port, ['PING']);
    await sleep(ms);
    proxy.lead(primary.port);
    if (answer !== null) throw new Error(`PING had the answer ${answer.trim()} by the way of the workers`);
    return `PING had no answer by the way of the workers for ${ms} ms, and ${String(direct).split('\r')[0]} beside it`;
  }

  async close(): Promise<void> {
    await this.proxy.close();
    await Promise.all(this.services.map((one) => one.close()));
  }

  private async follow(): Promise<void> {
    await redisCommand(this.replica.port, ['REPLICAOF', '127.0.0.1', String(this.primary.port)]);
    for (const until = Date.now() + DEADLINE_MS; Date.now() < until; await sleep(100))
      if ((await redisCommand(this.replica.port, ['INFO', 'replication']))?.includes('master_link_status:up')) return;
    throw new Error('the replica does not follow');
  }

  private async offset(server: Server): Promise<number> {
    return (await this.ask(server, 'INFO', /master_repl_offset:(\d+)/)) ?? 0;
  }

  private async ask(server: Server, command: string, answer: RegExp): Promise<number | null> {
    const found = answer.exec((await redisCommand(server.port, [command])) ?? '');
    return found === null ? null : Number(found[1]);
  }
}
