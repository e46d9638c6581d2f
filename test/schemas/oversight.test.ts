import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NO_MEASURES,
  Oversight,
  PARAMETERS,
  REASONS,
  controlOfMeasure,
  measureIn,
  measuresInText,
  measuresText,
  withMeasure,
  type MeasureTarget,
  type ReasonCode,
} from '../../schemas/index.js';

const name = fc.constantFrom('a', 'b', 'c');
const target: fc.Arbitrary<MeasureTarget> = fc.oneof(
  fc.record({ action: fc.constantFrom('pause' as const, 'resume' as const), course: fc.option(name) }),
  fc.record({ action: fc.constantFrom('block' as const, 'unblock' as const), item: name }),
  fc.record({ action: fc.constantFrom('kill' as const, 'revive' as const), model: name }),
);
const folded = (targets: readonly MeasureTarget[]) => targets.reduce(withMeasure, NO_MEASURES);

describe('measures', () => {
  it('come out of their control records as they went in', () => {
    fc.assert(
      fc.property(target, fc.string({ minLength: 1 }), fc.string(), (one, id, reason) => {
        const measure = { id, madeAtMs: 7, region: 'eu-west', by: 'ada', reason, ...one };
        expect(measureIn(controlOfMeasure(measure))).toEqual(measure);
      }),
    );
  });

  it('hold as the last of each thing says, whatever came before, and have equal texts where they are equal', () => {
    fc.assert(
      fc.property(fc.array(target, { maxLength: 12 }), target, (before, last) => {
        const after = folded([...before, last]);
        // Said twice, it is said once; and what it is about is as it says.
        expect(withMeasure(after, last)).toEqual(after);
        expect(measuresInText(measuresText(after))).toEqual(after);
        const oversight = new Oversight(after);
        const holds = {
          pause: () => oversight.isPaused('course' in last ? last.course : null),
          block: () => oversight.isBlocked('item' in last ? last.item : ''),
          kill: () => oversight.isKilled('model' in last ? last.model : ''),
        };
        if (last.action in holds) expect(holds[last.action as keyof typeof holds]()).toBe(true);
        if (last.action === 'unblock') expect(oversight.isBlocked(last.item)).toBe(false);
        if (last.action === 'revive') expect(oversight.isKilled(last.model)).toBe(false);
        if (last.action === 'resume' && last.course === null) expect(after.paused).toBe(false);
      }),
    );
  });

  it('of a region and of a course end by themselves', () => {
    const both = folded([
      { action: 'pause', course: 'a' },
      { action: 'pause', course: null },
      { action: 'resume', course: null },
    ]);
    expect([new Oversight(both).isPaused('a'), new Oversight(both).isPaused('b'), measuresText(NO_MEASURES)]).toEqual([true, false, '']);
  });
});

describe('the parameters in words', () => {
  it('tell of every reason once', () => {
    const told = PARAMETERS.flatMap(({ reasons }) => reasons);
    expect([...told].sort()).toEqual((Object.keys(REASONS) as ReasonCode[]).sort());
  });
});
