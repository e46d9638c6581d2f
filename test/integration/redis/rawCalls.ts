/** Single script calls, to stop between two of them or to send one late. */
import type { Redis } from 'ioredis';
import { DISCARD } from '../../../runtime/redis/lua/claims.js';
import { APPLY, STAGE } from '../../../runtime/redis/lua/writes.js';
import { chunksOf } from '../../../runtime/redis/packing.js';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';
import type { TaskBatch } from '../../../runtime/redis/index.js';
import { TASK } from './batches.js';

/** The calls of whoever has the task now, one chunk at a time. */
export class RawCalls {
  private readonly keys;

  private constructor(
    private readonly client: Redis,
    region: string,
    readonly token: string,
    readonly applied: string,
  ) {
    this.keys = new RegionKeys(region, 'skillforge').task(TASK);
  }

  static async ofHolder(client: Redis, region: string): Promise<RawCalls> {
    const { meta } = new RegionKeys(region, 'skillforge').task(TASK);
    const [token, applied] = await client.hmget(meta, 'token', 'applied');
    return new RawCalls(client, region, token!, applied ?? '');
  }

  async stage(batch: TaskBatch, index: number): Promise<string> {
    const chunks = chunksOf(this.keys, batch.state, batch.queue);
    const { packed, stores } = chunks[index]!;
    const total = index === chunks.length - 1 ? chunks.length : '';
    return this.run(STAGE.source, [], [batch.id, index, total, index === 0 ? batch.progress : '', packed, ...stores]);
  }

  async apply(batch: TaskBatch, index: number): Promise<string> {
    const { stores } = chunksOf(this.keys, batch.state, batch.queue)[index]!;
    return this.run(APPLY.source, [this.keys.queue, this.keys.payloads, ...stores.map((store) => this.keys.store(store))], [batch.id, index]);
  }

  async discard(batch: TaskBatch): Promise<string> {
    return this.run(DISCARD.source, [], [batch.id]);
  }

  /** The first word of the error, or `OK`. */
  private async run(source: string, more: string[], args: (string | number | Buffer)[]): Promise<string> {
    const keys = [this.keys.meta, this.keys.staged, ...more];
    try {
      await this.client.eval(source, keys.length, ...keys, this.token, this.applied, ...args);
      return 'OK';
    } catch (error) {
      return (error as Error).message.split(' ')[0]!;
    }
  }
}
