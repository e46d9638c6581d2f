import { describe, expect, it } from 'vitest';
import { AppendTimes } from '../../../runtime/observability/appendTimes.js';
import type { Log, LogRecord } from '../../../runtime/ports.js';

const TOPIC = 'eu-west.clicks';

/** A log of one partition, whose records were taken at these times; `null` was removed by compaction. */
function logOf(times: readonly (number | null)[]): Pick<Log, 'range' | 'read'> {
  const records = times.flatMap((appendTimeMs, offset): LogRecord[] =>
    appendTimeMs === null ? [] : [{ offset, appendTimeMs, key: null, value: null, header: null }],
  );
  return {
    range: () => ({ start: 0, end: times.length }),
    read: (_topic, _partition, from, most) => records.filter(({ offset }) => offset >= from).slice(0, most),
  };
}

const at = (next: number, partition = 0) => [{ topic: TOPIC, partition, next }];

describe('the times at which the log took records', () => {
  it('are that of the oldest record of each commit, wherever chunks begin and end', () => {
    const times = new AppendTimes();
    const log = times.reading(logOf([10, 10, 20, 20, 30]));
    times.begin(at(1));
    log.read(TOPIC, 0, 1, 2);
    log.read(TOPIC, 0, 3, 2);
    expect([times.pass(at(2)), times.pass(at(4)), times.pass(at(5))]).toEqual([10, 20, 30]);
  });

  it('are none of a commit that leaves nothing behind', () => {
    const times = new AppendTimes();
    const log = times.reading(logOf([10, 20]));
    times.begin(at(0));
    log.read(TOPIC, 0, 0, 9);
    expect([times.pass(at(0)), times.pass(at(2)), times.pass(at(2))]).toEqual([null, 10, null]);
  });

  it('are kept when a partition is read once more', () => {
    const times = new AppendTimes();
    const log = times.reading(logOf([10, 20, 30]));
    times.begin(at(0));
    log.read(TOPIC, 0, 0, 3);
    log.read(TOPIC, 0, 0, 1);
    expect([times.pass(at(1)), times.pass(at(3))]).toEqual([10, 20]);
  });

  it('are those that are left where compaction removed records', () => {
    const times = new AppendTimes();
    const log = times.reading(logOf([null, null, 30, 40]));
    times.begin(at(0));
    log.read(TOPIC, 0, 0, 9);
    expect([times.pass(at(2)), times.pass(at(4))]).toEqual([null, 30]);
  });

  it('are none of partitions that are not the task’s own', () => {
    const times = new AppendTimes();
    const log = times.reading(logOf([10]));
    times.begin(at(0));
    log.read(TOPIC, 1, 0, 9);
    expect(times.pass(at(1, 1))).toBeNull();
  });
});
