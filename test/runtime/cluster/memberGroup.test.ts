import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { FetchBuffer } from '../../../runtime/cluster/fetchBuffer.js';
import { MemberGroup } from '../../../runtime/cluster/memberGroup.js';
import { RunningTask } from '../../../runtime/engine/runningTask.js';
import type { AssignmentListener, Broker, GroupConsumer, GroupConsumerOptions } from '../../../runtime/kafka/broker.js';
import type { TaskHost } from '../../../runtime/ports.js';
import { SkillForgeError } from '../../../schemas/index.js';

const GROUP = { id: 'counting@1', topics: [{ name: 'eu.presses', partitions: 1 }] };
const PARTITION = { topic: 'eu.presses', partition: 0 };

/** A member, and what its broker would call. */
async function memberOf(assigned: TaskHost['assigned']): Promise<{ readonly member: MemberGroup; readonly listener: AssignmentListener }> {
  let given: GroupConsumerOptions | undefined;
  const consumer = (options: GroupConsumerOptions): Promise<GroupConsumer> => {
    given = options;
    return Promise.resolve({ groupId: options.groupId } as GroupConsumer);
  };
  const host: TaskHost = { assigned, revoked: () => Promise.resolve(), lost: () => undefined };
  const member = await MemberGroup.open({ consumer } as unknown as Broker, 'skillforge.eu.counting@1', GROUP, host, () => undefined);
  return { member, listener: given!.listener };
}

const fenced = (): Promise<never> => Promise.reject(new SkillForgeError('SFS_FENCED', 'the group has gone on'));

/** Opens a task that the brokers refuse, for as long as that has sense. */
async function openRefused(isOver: () => boolean): Promise<RunningTask | null> {
  return RunningTask.open([PARTITION], fenced, { stopped: new AbortController().signal, isOver });
}

// librdkafka holds back what the group says until an assignment is answered: a member that tries on would do so for ever, and claim in vain.
describe('a member whose group goes on without it while it opens tasks', () => {
  it('gives up, and answers', async () => {
    let opened: RunningTask | null | undefined;
    const { member, listener } = await memberOf(async (_group, _partitions, isOver) => {
      opened = await openRefused(isOver);
    });
    const answer = listener.assigned([PARTITION]).then(
      () => 'taken',
      (error: unknown) => (error as SkillForgeError).code,
    );
    await sleep(20);
    expect(member.owns(PARTITION)).toBe(true);
    member.assignment!.isOver = true;
    expect(await answer).toBe('SFS_FENCED');
    expect(opened).toBeNull();
    expect(member.owns(PARTITION)).toBe(false);
  });

  it('gives up when its partitions are lost', async () => {
    const { member, listener } = await memberOf(async (_group, _partitions, isOver) => {
      await openRefused(isOver);
    });
    const answer = listener.assigned([PARTITION]).catch((error: unknown) => (error as SkillForgeError).code);
    listener.lost([PARTITION]);
    expect(await answer).toBe('SFS_FENCED');
    expect(member.owns(PARTITION)).toBe(false);
  });

  it('takes what it is given the next time', async () => {
    let times = 0;
    const { member, listener } = await memberOf(async (_group, _partitions, isOver) => {
      if (times++ === 0) await openRefused(isOver);
      expect(isOver()).toBe(times === 1);
    });
    const first = listener.assigned([PARTITION]).catch(() => 'refused');
    member.assignment!.isOver = true;
    expect(await first).toBe('refused');
    expect(await listener.assigned([PARTITION])).toEqual([]);
    expect(member.owns(PARTITION)).toBe(true);
  });

  it('is not kept from its next assignment by an opening of the one before', async () => {
    const { member, listener } = await memberOf(async (_group, _partitions, isOver) => {
      await openRefused(isOver);
    });
    const first = listener.assigned([PARTITION]).catch(() => 'refused');
    const earlier = member.assignment;
    listener.lost([PARTITION]);
    expect(await first).toBe('refused');
    const gate = new Promise<void>((resolve) => setTimeout(resolve, 50));
    const { member: later, listener: next } = await memberOf(() => gate);
    const answer = next.assigned([PARTITION]);
    earlier!.isOver = true;
    const buffer = { begin: () => undefined } as unknown as FetchBuffer;
    await expect(later.begin(earlier, PARTITION, buffer, 7)).rejects.toMatchObject({ code: 'SFS_FENCED' });
    await expect(later.begin(null, PARTITION, buffer, 7)).rejects.toMatchObject({ code: 'SFS_FENCED' });
    await later.begin(later.assignment, PARTITION, buffer, 9);
    expect(await answer).toEqual([{ ...PARTITION, offset: 9 }]);
    expect(later.owns(PARTITION)).toBe(true);
  });
});
