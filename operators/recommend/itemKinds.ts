/**
 * What a learner does with an item of a kind, as a number for rankers. Systems name kinds in their own way: names that mean the same have the same
 * number, and one that is not here has 0.
 */
const KINDS: readonly (readonly string[])[] = [
  ['home', 'homepage'],
  ['subpage', 'sharedsubpage', 'folder', 'section'],
  ['page', 'oucontent', 'htmlactivity', 'dualpane', 'lesson', 'article', 'book'],
  ['resource', 'file', 'video', 'podcast'],
  ['url', 'link'],
  ['forum', 'forumng', 'chat', 'oucollaborate', 'ouelluminate'],
  ['quiz', 'externalquiz', 'exercise', 'repeatactivity', 'game'],
  ['assignment', 'questionnaire', 'survey', 'dataplus', 'ouwiki', 'wiki'],
  ['glossary', 'reference'],
];
const NUMBERS: ReadonlyMap<string, number> = new Map(KINDS.flatMap((names, n) => names.map((name) => [name, n + 1] as const)));

/** Number of a kind; 0 for one that has none. */
export const kindNumber = (kind: string): number => NUMBERS.get(kind.toLowerCase()) ?? 0;
