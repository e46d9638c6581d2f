import { describe, expect, it } from 'vitest';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';

describe('keys', () => {
  it('of one task have one hash tag, with its region', () => {
    const keys = new RegionKeys('eu-west', 'skillforge').task('learner-engagement@1/0/3');
    const all = [keys.meta, keys.staged, keys.queue, keys.payloads, keys.store('counts'), keys.store('odd}{name')];
    expect(new Set(all.map((key) => /\{(.*?)\}/.exec(key)?.[1]))).toEqual(new Set(['eu-west/learner-engagement@1/0/3']));
    expect(new Set(all).size).toBe(all.length);
    expect(keys.meta).toBe('skillforge:{eu-west/learner-engagement@1/0/3}:meta');
  });

  it('tell the task that they belong to', () => {
    const region = new RegionKeys('eu-west', 'a:b');
    expect(region.taskOf(region.task('x/y:meta').meta)).toBe('x/y:meta');
    expect(new RegionKeys('e*[u]?\\', 'p').everyMeta).toBe('p:{e\\*\\[u\\]\\?\\\\/*}:meta');
  });

  it.each([
    ['eu/west', 'skillforge', 'task'],
    ['eu{', 'skillforge', 'task'],
    ['', 'skillforge', 'task'],
    ['eu', 'skill{forge', 'task'],
    ['eu', '', 'task'],
    ['eu', 'skillforge', 'ta}sk'],
    ['eu', 'skillforge', ''],
  ])('refuse names that would break the tag: %j %j %j', (region, prefix, task) => {
    expect(() => new RegionKeys(region, prefix).task(task)).toThrow(expect.objectContaining({ code: 'SFS_NAME_INVALID' }));
  });
});
