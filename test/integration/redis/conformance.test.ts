/** The suite that every driver of task state runs, over real servers. */
import { describe, expect } from 'vitest';
import type { Guarantee } from '../../../runtime/cluster/index.js';
import type { TaskCommit } from '../../../runtime/ports.js';
import { randomId, type ClaimedTask, type RedisState, type StoredRow } from '../../../runtime/redis/index.js';
import { describeTaskStateConformance } from '../../conformance/taskState.js';
import type { TaskState } from '../../conformance/storageFixtures.js';
import { RedisUnderTest } from './server.js';

/** What Kafka would know of each task: the id of the batch that was committed last. */
type CommittedIds = Map<string, string>;

/** The tasks of a region as a worker has them: claimed and recovered at first sight, read and written under the claim. */
class ClaimedRegion implements TaskState {
  readonly documents;
  readonly tasks: TaskState['tasks'];
  private readonly claims = new Map<string, Promise<ClaimedTask>>();

  constructor(
    readonly state: RedisState,
    private readonly guarantee: Guarantee,
    private readonly committed: CommittedIds,
  ) {
    this.documents = state.documents;
    this.tasks = {
      progress: (task) => state.rows(task).progress(),
      get: async (task, store, key) => (await (await this.claimed(task)).fetch([{ store, key }]))[0]!,
      queueHead: async (task, limit, after) => (await this.claimed(task)).queueHead(limit, after),
      scan: (task, store) => this.scan(task, store),
    };
  }

  async commit({ task, state, queue, progress }: TaskCommit): Promise<void> {
    const claimed = await this.claimed(task);
    const batch = { id: randomId(), state, queue, progress };
    this.committed.set(task, batch.id);
    await (this.guarantee === 'idempotent' ? claimed.commit(batch) : Promise.all([claimed.stage(batch), claimed.apply(batch.id)]));
  }

  private async *scan(task: string, store: string): AsyncGenerator<StoredRow> {
    yield* (await this.claimed(task)).scan(store);
  }

  private claimed(task: string): Promise<ClaimedTask> {
    const claim = this.claims.get(task) ?? this.claim(task);
    this.claims.set(task, claim);
    return claim;
  }

  private async claim(task: string): Promise<ClaimedTask> {
    const claimed = await this.state.claim(task);
    const id = this.committed.get(task) ?? null;
    const { standing } = await claimed.recover(this.guarantee === 'idempotent' ? null : id);
    const found = this.guarantee === 'idempotent' ? 'behind' : 'current';
    expect(standing, 'what Redis has of it').toBe(id === null ? 'new' : found);
    return claimed;
  }
}

describe.each([
  ['single', 'exactly-once'],
  ['single', 'idempotent'],
  ['cluster', 'exactly-once'],
  ['cluster', 'idempotent'],
] as const)('Redis (%s, %s)', (layout, guarantee) => {
  const redis = new RedisUnderTest(layout);
  describeTaskStateConformance('Redis', async () => {
    const region = redis.freshRegion();
    const committed: CommittedIds = new Map();
    const opened = async (): Promise<ClaimedRegion> => new ClaimedRegion(await redis.open({ region }), guarantee, committed);
    let current = await opened();
    return {
      storage: current,
      reopen: async () => {
        await current.state.close();
        return (current = await opened());
      },
      dispose: () => current.state.close(),
    };
  });
});
