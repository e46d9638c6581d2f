/** The table of features in docs/explanation/recommender.md is that of the declarations. */
import { describe, expect, it } from 'vitest';
import { itemFeatures } from '../../operators/recommend/index.js';
import { readDocument } from './documents.js';

describe('the page about the recommender', () => {
  it('lists every feature as it is declared', () => {
    const rows = itemFeatures.declarations.map(({ name, type, unit, window, fallback, personal, description }) =>
      ['', `\`${name}\``, type, unit, window ?? '', String(fallback), personal, description, ''].join(' | ').trim(),
    );
    const listed = readDocument('docs/explanation/recommender.md')
      .split('\n')
      .filter((line) => /^\| `[a-z0-9_]+` \|/.test(line));
    expect(listed.map((line) => line.replaceAll(/ +/g, ' '))).toEqual(rows.map((row) => row.replaceAll(/ +/g, ' ')));
  });
});
