/** The tests of the trainer run with all the others. */
import { describe, expect, it } from 'vitest';
import { endOfPython, pythonFolder } from '../../../scripts/ml/python.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';

describe('the trainer', () => {
  it('passes its own tests', { timeout: 600_000 }, async (context) => {
    skipWithoutPython(context, 'trainer');
    const args = ['-m', 'pytest', '-p', 'no:cacheprovider'];
    const { code, stdout } = await endOfPython('trainer', args, { cwd: pythonFolder });
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/\b[1-9]\d* passed\b/);
  });
});
