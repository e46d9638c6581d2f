import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi, type TestContext } from 'vitest';
import { MINUTES, SLOW } from '../../scripts/checks/slowFirst.js';
import { filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';
import { skipPastHalfTime } from '../fixtures/halfTime.js';

it('names test files that exist, each once', () => {
  const listed = [...SLOW, ...MINUTES];
  expect(listed.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

it('leaves out those of minutes alone where half of the time of .ci/run is over', () => {
  const asks = (path: string): boolean => readFileSync(join(projectRoot, path), 'utf8').includes('skipPastHalfTime');
  const files = filesOf(['test']).filter((path) => path.endsWith('.test.ts') && path !== 'test/checks/slowFirst.test.ts');
  expect(files.filter(asks).sort()).toEqual([...MINUTES].sort());
});

describe('half of the time', () => {
  it.each([
    ['is over', -1, true],
    ['is not over', 60, false],
  ])('skips a test where it %s', (_, inSeconds, isSkipped) => {
    vi.stubEnv('SKILLFORGE_HALF_TIME', String(Date.now() / 1000 + inSeconds));
    const skip = vi.fn();
    skipPastHalfTime({ skip } as unknown as TestContext);
    expect(skip).toHaveBeenCalledExactlyOnceWith(isSkipped, expect.stringContaining('.ci/run'));
  });
});
