/** The tests of what needs the larger environment: the feature store, and the drift report. */
import { describe, expect, it } from 'vitest';
import { endOfPython, pythonFolder } from '../../../scripts/ml/python.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';

describe('the feature store and the drift report', () => {
  it('pass their own tests', { timeout: 300_000 }, async (context) => {
    skipWithoutPython(context, 'operations');
    const args = ['-m', 'pytest', '-p', 'no:cacheprovider', 'tests/test_features.py', 'tests/test_drift_report.py'];
    const { code, stdout } = await endOfPython('operations', args, { cwd: pythonFolder });
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/\b[1-9]\d* passed\b/);
    expect(stdout).not.toContain('skipped');
  });
});
