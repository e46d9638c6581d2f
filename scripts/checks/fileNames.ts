/** Finds files and folders whose name says nothing. Called by `test/checks/fileNames.test.ts`. */

/** Words that hide what is inside, wherever they stand in a name. */
const EMPTY_WORDS = new Set(['util', 'utils', 'utility', 'utilities', 'helper', 'helpers', 'manager', 'managers', 'common', 'misc']);

/** Words that say nothing when they are the whole name; `dataFile` is fine. */
const EMPTY_NAMES = new Set(['data', 'shared', 'stuff', 'lib']);

/** Those of `paths` with a folder or file that has an empty name. */
export function emptyNames(paths: readonly string[]): string[] {
  return paths.filter((path) => path.split('/').some(isEmpty));
}

function isEmpty(segment: string): boolean {
  const name = segment.replace(/(\.test)?\.[a-z]+$/, '');
  return EMPTY_NAMES.has(name.toLowerCase()) || wordsOf(name).some((word) => EMPTY_WORDS.has(word));
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.toLowerCase());
}
