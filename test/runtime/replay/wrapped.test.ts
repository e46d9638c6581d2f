import { expect, it } from 'vitest';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import type { Placement, TaskAccess } from '../../../runtime/ports.js';
import { RecordRate, throttled } from '../../../runtime/replay/throttle.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { SkillForgeError } from '../../../schemas/index.js';

const ENDS = new Map([['clicks/0', 5]]);
const PLACE = { name: 'sums@2/0/0', group: 'sums@2', own: [], global: [] };

/** A placement whose store has lost something, as Redis may. */
function losing(): Placement {
  const below = localPlacement(memoryStorage());
  const openTask = async (): Promise<TaskAccess> => ({
    ...(await below.openTask(PLACE)),
    isBehind: true,
    ends: ENDS,
    idle: () => {
      throw new SkillForgeError('SFS_STATE_BEHIND', 'the store went back');
    },
  });
  return { ...below, openTask };
}

it('a throttled task hears what the store lost: when it is opened, and while it is idle', async () => {
  const task = await throttled(losing(), new RecordRate(1_000, new AbortController().signal)).openTask(PLACE);
  expect(task.isBehind).toBe(true);
  expect(task.ends).toBe(ENDS);
  expect(() => task.idle?.()).toThrow(expect.objectContaining({ code: 'SFS_STATE_BEHIND' }));
});
