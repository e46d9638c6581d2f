import { describe, expect, it } from 'vitest';
import { SkillForgeError, errorCodeOf, errorMessageOf } from '../../schemas/index.js';

/** What a topology may throw, though it should not. */
const oddities: readonly (readonly [what: string, thrown: unknown])[] = [
  ['nothing', undefined],
  ['an error whose message is no text', Object.assign(new Error('x'), { message: { of: 'no kind' } })],
  ['an object without a prototype', Object.create(null)],
  [
    'an error whose message throws',
    Object.defineProperty(new Error('x'), 'message', {
      get: () => {
        throw new Error('no message');
      },
    }),
  ],
  [
    'a proxy that throws whatever is asked',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
        getPrototypeOf: () => {
          throw new Error('no');
        },
      },
    ),
  ],
];

describe('what was thrown', () => {
  it.each(oddities)('has a code and a message, even if it is %s', (_what, thrown) => {
    expect(errorCodeOf(thrown)).toBe('SFS_PROCESSING_FAILED');
    expect(typeof errorMessageOf(thrown)).toBe('string');
  });

  it('keeps its own code and message, and 4,000 characters of it at most', () => {
    const error = new SkillForgeError('SFS_LATE', 'too late');
    expect([errorCodeOf(error), errorMessageOf(error)]).toEqual(['SFS_LATE', 'too late']);
    expect(errorMessageOf(new Error('x'.repeat(10_000)))).toHaveLength(4_000);
  });
});
