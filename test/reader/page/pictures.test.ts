/** The pictures in the documents show the page as it is. Needs no browser. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newFolder } from '../../fixtures/folders.js';
import { IMAGES, digestAt, isAsked, pageDigest, seePicture } from './picture.js';

const pictures = readdirSync(IMAGES).filter((name) => name.endsWith('.png'));

describe('the pictures in the documents', () => {
  it.each(pictures)('are of the page as it is: else run UPDATE_IMAGES=1 npx vitest run test/reader/page: %s', (name) => {
    seePicture(name);
    if (!isAsked) expect(digestAt(name), `the page has changed since ${name} was taken`).toBe(pageDigest());
  });

  it('are others as soon as a file of the page has another name, or holds something else', () => {
    const folder = newFolder();
    const digestWith = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return pageDigest(folder);
    };
    const digests = [digestWith('main.js', 'a'), digestWith('main.js', 'b'), digestWith('main.js', 'a'), digestWith('more.js', 'a')];
    expect(digests[2]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });
});
