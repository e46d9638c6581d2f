import { describe, expect, it } from 'vitest';
import { emptyNames } from '../../scripts/checks/fileNames.js';
import { PRODUCT_ROOMS, filesOf } from '../../scripts/checks/sourceFiles.js';

describe('file names', () => {
  it('say what is inside, in every room', () => {
    expect(emptyNames(filesOf([...PRODUCT_ROOMS, 'test', 'bench', 'docs']))).toEqual([]);
  });

  it.each([
    'runtime/utils.ts',
    'runtime/stringUtils.ts',
    'runtime/state-manager.ts',
    'runtime/common/keys.ts',
    'test/helpers.test.ts',
    'operators/data.ts',
  ])('refuse %s', (path) => {
    expect(emptyNames([path])).toEqual([path]);
  });

  it.each(['runtime/embedded/dataFile.ts', 'operators/joins/joinAsOf.ts'])('accept %s', (path) => {
    expect(emptyNames([path])).toEqual([]);
  });
});
