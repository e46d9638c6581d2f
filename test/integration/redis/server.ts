/** The Redis that these tests talk to: their own, since they kill it, take it back to an earlier state and fill it. */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, vi, type TestContext } from 'vitest';
import { startServices, type RedisLayout, type Server, type Services } from '../../../scripts/services/index.js';
import { errorCodeOf } from '../../../schemas/index.js';
import { openRedis, type RedisOptions, type RedisState } from '../../../runtime/redis/index.js';

/** Generous: a machine that runs tests may be busy with a dozen other things. */
export const SLOW_MS = 180_000;

vi.setConfig({ testTimeout: SLOW_MS });

/** Servers of one test file. */
export class RedisUnderTest {
  private services: Services | null = null;
  private missing: string | null = null;
  private readonly opened: { close(): Promise<void> }[] = [];
  private regions = 0;

  constructor(readonly layout: RedisLayout) {
    beforeAll(() => this.start(), SLOW_MS);
    beforeEach((context) => this.skipWithout(context));
    afterEach(() => this.closeOpened(), SLOW_MS);
    afterAll(() => this.services?.close(), SLOW_MS);
  }

  get servers(): readonly Server[] {
    return this.services!.redis!.servers;
  }

  get server(): Server {
    return this.servers[0]!;
  }

  /** A region that no other test has. */
  freshRegion(): string {
    return `test-${++this.regions}`;
  }

  /** A connection of the product; closed after the test. */
  async open(options: Partial<RedisOptions> = {}): Promise<RedisState> {
    const place =
      this.layout === 'cluster' ? { nodes: this.servers.map(({ port }) => ({ host: '127.0.0.1', port })) } : { url: this.services!.redis!.url };
    const named = options.url !== undefined || options.host !== undefined || options.nodes !== undefined;
    const state = await openRedis({ region: this.freshRegion(), ...(named ? {} : place), ...options });
    this.opened.push(state);
    return state;
  }

  /** A bare client, to look and to interfere; closed after the test. */
  client(server = this.server): Redis {
    const client = new Redis({ port: server.port, host: '127.0.0.1' });
    client.on('error', () => undefined); // it reconnects
    this.opened.push({ close: () => Promise.resolve(client.disconnect()) });
    return client;
  }

  /** Something else to close after the test. */
  closeAfter(one: { close(): Promise<void> }): void {
    this.opened.push(one);
  }

  private async start(): Promise<void> {
    try {
      this.services = await startServices({ redis: this.layout });
    } catch (error) {
      if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
      this.missing = (error as Error).message;
    }
  }

  private skipWithout(context: TestContext): void {
    context.skip(this.missing !== null, `no Redis: ${this.missing ?? ''}`);
  }

  private async closeOpened(): Promise<void> {
    await Promise.all(this.opened.splice(0).map((one) => one.close()));
  }
}

/** Writes what the server has to its disk: {@link rollBack} goes back to it. */
export async function save(client: Redis): Promise<void> {
  await client.save();
}

/** Kills the server and starts it on what it saved last: acknowledged writes are lost, as in a failover to a replica that lagged. */
export function rollBack(server: Server): Promise<void> {
  return server.restart();
}
