import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { SLOW } from '../../scripts/checks/slowFirst.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

it('names test files that exist, each once', () => {
  expect(SLOW.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  expect(new Set(SLOW).size).toBe(SLOW.length);
});
