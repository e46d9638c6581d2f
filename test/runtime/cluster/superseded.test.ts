import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutSuperseded } from '../../../runtime/cluster/superseded.js';
import type { OutputRecord } from '../../../runtime/ports.js';

const record = (topic: string, key: string | null, value: number, isLatestOnly: boolean): OutputRecord => ({
  topic,
  partition: 0,
  key: key === null ? null : Buffer.from(key),
  value: Buffer.from([value]),
  header: null,
  isLatestOnly,
});

const values = (outputs: readonly OutputRecord[]): (number | undefined)[] => outputs.map(({ value }) => value![0]);

describe('the outputs that a commit sends', () => {
  it('leaves out what a later record of the same key takes the place of, and keeps the order of the rest', () => {
    const outputs = [record('a', 'x', 1, true), record('a', 'y', 2, true), record('b', 'x', 3, true), record('a', 'x', 4, true)];
    expect(values(withoutSuperseded(outputs))).toEqual([2, 3, 4]);
  });

  it('keeps every record of a topic that is read record by record, and records without a key', () => {
    const outputs = [record('a', 'x', 1, false), record('a', 'x', 2, false), record('b', null, 3, true), record('b', null, 4, true)];
    expect(withoutSuperseded(outputs)).toEqual(outputs);
  });

  it('leaves what compaction of the whole would leave', () => {
    const any = fc.record({ topic: fc.constantFrom('a', 'b'), key: fc.constantFrom('x', 'y', 'é', ''), value: fc.nat(255) });
    const latest = (outputs: readonly OutputRecord[]): Map<string, number> =>
      new Map(outputs.map(({ topic, key, value }) => [`${topic} ${String(key)}`, value![0]!]));
    fc.assert(
      fc.property(fc.array(any), (some) => {
        const outputs = some.map(({ topic, key, value }) => record(topic, key, value, true));
        const sent = withoutSuperseded(outputs);
        expect(latest(sent)).toEqual(latest(outputs));
        expect(sent).toHaveLength(latest(outputs).size);
      }),
    );
  });
});
