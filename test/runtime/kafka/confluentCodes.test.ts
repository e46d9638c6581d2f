import { describe, expect, it } from 'vitest';
import { failureOf } from '../../../runtime/kafka/confluent/codes.js';
import { NativeFailure, type NativeAdmin } from '../../../runtime/kafka/confluent/native.js';
import { rangesOf } from '../../../runtime/kafka/confluent/offsetRanges.js';
import { Failures } from '../../../runtime/kafka/failures.js';
import { withDefaults } from '../../../runtime/kafka/options.js';

const failures = new Failures(withDefaults({ brokers: ['kafka-1:9092'], markerIdOf: () => null }));
const codeOf = (code: number): string => failureOf(new NativeFailure({ code, message: 'from the broker' }), 'reading', failures).code;

describe('what librdkafka fails with', () => {
  it.each([
    ['a leader is elected', 5],
    ['the leader has moved', 6],
    ['the broker lost its own connection', 13],
    ['the coordinator loads', 14],
    ['the coordinator is elected', 15],
    ['the coordinator has moved', 16],
    ['too few replicas are in sync', 19],
    ['too few replicas were in sync', 20],
    ['an old epoch of the leader', 74],
    ['an epoch that the broker has not heard of', 75],
    ['no coordinator was found in time', -180],
    ['the request waited too long for its turn', -166],
  ])('passes when %s', (_what, code) => {
    expect(codeOf(code)).toBe('SFS_BROKER_UNAVAILABLE');
  });

  it('does not pass by itself otherwise', () => {
    expect([codeOf(22), codeOf(10), codeOf(29), codeOf(76)]).toEqual([
      'SFS_FENCED',
      'SFS_RECORD_TOO_LARGE',
      'SFS_BROKER_REFUSED',
      'SFS_BROKER_FAILED',
    ]);
  });
});

describe('offsets of a partition', () => {
  const ask = async (code: number, times: number): Promise<unknown> => {
    let left = times;
    const listOffsets = (_asked: unknown, _options: unknown, done: (error: null, answers: unknown[]) => void): void => {
      const error = left-- > 0 ? { code, message: 'not now' } : undefined;
      done(null, [{ topic: 'clicks', partition: 0, offset: 7, error }]);
    };
    return rangesOf({ listOffsets } as unknown as NativeAdmin, [{ topic: 'clicks', partition: 0 }], 2_000).catch((error: unknown) => error);
  };

  it.each([5, 6, 74, 75])('are waited for while its leader changes (%i)', async (code) => {
    expect(await ask(code, 2)).toEqual([{ start: 7, end: 7 }]);
  });

  it('are not waited for where something else is wrong', async () => {
    expect(await ask(29, 2)).toMatchObject({ code: 29 });
  });
});
