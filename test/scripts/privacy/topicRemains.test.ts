import { describe, expect, it } from 'vitest';
import { remainsOf } from '../../../scripts/privacy/erasure/topicRemains.js';

const DAY_MS = 86_400_000;
const of = (settings: Readonly<Record<string, string>>) => remainsOf('eu-west.clicks', new Map(Object.entries(settings)), 0).goneByMs;

describe('what is left in a topic is gone', () => {
  it('when retention has deleted the segment that was written to', () => {
    expect(of({ 'cleanup.policy': 'delete', 'retention.ms': `${400 * DAY_MS}`, 'segment.ms': `${7 * DAY_MS}` })).toBe(407 * DAY_MS);
  });

  it('when compaction has removed what a tombstone outdates, and then the tombstone', () => {
    expect(of({ 'cleanup.policy': 'compact', 'max.compaction.lag.ms': `${DAY_MS}`, 'delete.retention.ms': `${DAY_MS}` })).toBe(3 * DAY_MS);
  });

  it('at the earlier of both where a topic is compacted and deleted from', () => {
    const both = { 'cleanup.policy': 'compact,delete', 'max.compaction.lag.ms': `${30 * DAY_MS}`, 'delete.retention.ms': `${DAY_MS}` };
    expect(of({ ...both, 'retention.ms': `${7 * DAY_MS}`, 'segment.ms': `${DAY_MS}` })).toBe(8 * DAY_MS);
  });

  it('never where nothing bounds it', () => {
    expect(of({ 'cleanup.policy': 'delete', 'retention.ms': '-1', 'segment.ms': `${DAY_MS}` })).toBeNull();
    expect(of({ 'cleanup.policy': 'compact', 'max.compaction.lag.ms': '9223372036854775807', 'delete.retention.ms': `${DAY_MS}` })).toBeNull();
  });
});
