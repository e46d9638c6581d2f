import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentedCodes } from '../../../scripts/checks/errors.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { ERROR_REFERENCE, remedyOf } from '../../../scripts/commands/remedies.js';

const codes = documentedCodes(readFileSync(join(projectRoot, ERROR_REFERENCE), 'utf8'));

describe('what to do about an error', () => {
  it('is the sentence of the reference, for every code that it has', () => {
    expect(codes.length).toBeGreaterThan(50);
    for (const { code, remedy } of codes) expect(remedyOf(code)).toBe(remedy.replaceAll('`', '').replaceAll('\\|', '|'));
  });

  it('is nothing for a code that the reference does not have', () => {
    expect(remedyOf('SFS_NO_SUCH')).toBeNull();
  });
});
