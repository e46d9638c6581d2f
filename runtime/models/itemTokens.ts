import type { CurriculumItem } from '../../schemas/index.js';

/** How an item is cut into tokens, as `embeddings.json` says. */
export interface TokenRules {
  /** What each kind of token adds to its bucket. */
  readonly weights: Readonly<Record<'word' | 'gram' | 'kind' | 'skill' | 'difficulty', number>>;
  /** Lengths of the substrings of words, in code points. */
  readonly gramLengths: readonly number[];
  /** Into how many levels difficulty is cut. */
  readonly difficultyLevels: number;
  /** Tokens are hashed into so many. */
  readonly buckets: number;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * The weights of an item's tokens, summed by bucket: words of the title and their substrings, kind, skills, level of difficulty. Hashing needs
 * no vocabulary, so that a word which training did not see has a place, too.
 *
 * @see K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009
 * @see P. Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 5, 2017, for substrings of marked words
 */
export function bucketsOf({ title, kind, skills, difficulty }: CurriculumItem, rules: TokenRules): Map<number, number> {
  const { weights, gramLengths, difficultyLevels, buckets } = rules;
  const sums = new Map<number, number>();
  const add = (token: string, weight: number): void => {
    const bucket = fnv1a(token) % buckets;
    sums.set(bucket, (sums.get(bucket) ?? 0) + weight);
  };
  for (const word of title.normalize('NFKC').toLowerCase().match(WORD) ?? []) {
    add(`w:${word}`, weights.word);
    const marked = Array.from(`<${word}>`);
    for (const length of gramLengths) {
      for (let from = 0; from + length <= marked.length; from++) add(`g:${marked.slice(from, from + length).join('')}`, weights.gram);
    }
  }
  add(`k:${kind}`, weights.kind);
  for (const skill of skills) add(`s:${skill}`, weights.skill);
  if (difficulty !== null) add(`d:${Math.min(difficultyLevels - 1, Math.floor(difficulty * difficultyLevels))}`, weights.difficulty);
  return sums;
}

/** FNV-1a, 32 bits, over the UTF-8 bytes. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
