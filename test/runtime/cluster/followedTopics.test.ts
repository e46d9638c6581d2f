/** Topics of which one cannot be looked at: what people decide is in another one. */
import { expect, it, vi } from 'vitest';
import { followTopics } from '../../../runtime/cluster/index.js';
import type { Admin, Broker, ManualReader } from '../../../runtime/kafka/broker.js';
import type { PartitionRange, TopicSpec } from '../../../runtime/ports.js';
import { SkillForgeError } from '../../../schemas/index.js';

const CONTROL = 'eu-west.control';
const LISTS = 'eu-west.recommendations';
const spec = (name: string): TopicSpec => ({ name, partitions: 1, cleanup: 'compact', retentionMs: null });
const noLeader = new SkillForgeError('SFS_BROKER_UNAVAILABLE', 'no leader', { retriable: true });

/** Brokers that say of each topic what `ranges` says. */
function brokerOf(ranges: (topic: string) => Promise<PartitionRange[]>): Broker {
  const done = (): Promise<void> => Promise.resolve();
  const admin: Partial<Admin> = {
    clusterId: () => Promise.resolve('c1'),
    topics: () => Promise.resolve([CONTROL, LISTS].map(spec)),
    ranges,
    close: done,
  };
  const reader: ManualReader = { assign: done, seek: done, pause: () => undefined, resume: () => undefined, close: done };
  return { admin: () => Promise.resolve(admin), reader: () => Promise.resolve(reader) } as unknown as Broker;
}

const follow = (broker: Broker) => followTopics({ broker, region: 'eu-west', isFollowed: () => true });

it.each([
  ['is refused for a while', true],
  ['is not answered', false],
])('leave the others as they are when a question about one %s, and say of that one that it is away', { timeout: 30_000 }, async (_, isQuick) => {
  let [isAway, end] = [true, 3];
  let release = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (release = resolve));
  const followed = await follow(
    brokerOf(async (topic) => {
      if (topic !== LISTS || !isAway) return [{ start: 0, end }];
      if (!isQuick) await waiting;
      throw noLeader;
    }),
  );
  expect(followed.topics().map(({ name }) => name)).toEqual([CONTROL, LISTS]);
  expect(followed.range(CONTROL, 0)).toEqual({ start: 0, end: 3 });
  expect(() => followed.range(LISTS, 0)).toThrow(expect.objectContaining({ code: 'SFS_BROKER_UNAVAILABLE', retriable: true }) as Error);
  end = 4;
  await expect.poll(() => followed.range(CONTROL, 0).end, { timeout: 8_000 }).toBe(4);
  isAway = false;
  release();
  await vi.waitFor(() => expect(followed.range(LISTS, 0)).toEqual({ start: 0, end: 4 }), { timeout: 8_000 });
  await followed.close();
});

it('are not followed at all where one is refused', async () => {
  const refused = new SkillForgeError('SFS_BROKER_REFUSED', 'refused');
  await expect(follow(brokerOf((topic) => (topic === LISTS ? Promise.reject(refused) : Promise.resolve([{ start: 0, end: 3 }]))))).rejects.toBe(
    refused,
  );
});
