/** Pictures in the documents: the tests take them anew with UPDATE_IMAGES=1, and see that they are there, and of the page as it is. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';

/** Width of all pictures, px. */
export const WIDTH = 1280;

/** Whether pictures are taken anew. */
export const isAsked = process.env['UPDATE_IMAGES'] === '1';

/** Takes a picture of what the page shows, where that is asked for; sees that there is one. */
export async function picture(page: Page, name: string): Promise<void> {
  if (isAsked) {
    await page.screenshot({ path: pathOf(name) });
    writeFileSync(sourcesOf(name), `${pageDigest()}\n`);
  }
  seePicture(name);
}

/** Sees that there is a picture. */
export function seePicture(name: string): void {
  const taken = readFileSync(pathOf(name));
  expect(taken.toString('latin1', 1, 4)).toBe('PNG');
  expect(taken.readUInt32BE(16)).toBe(WIDTH);
  expect(taken.length).toBeLessThan(400_000);
}

/** Digest of the page's files when the picture was taken. */
export const digestAt = (name: string): string => readFileSync(sourcesOf(name), 'utf8').trim();

/** Digest of the page's files: their names and what is in them. */
export function pageDigest(folder = join(projectRoot, 'reader', 'page')): string {
  const digest = createHash('sha256');
  for (const file of readdirSync(folder).toSorted()) {
    const text = readFileSync(join(folder, file));
    digest.update(`${file} ${text.length}\n`).update(text);
  }
  return digest.digest('hex');
}

/** Where the pictures are. */
export const IMAGES = join(projectRoot, 'docs', 'images');

const pathOf = (name: string): string => join(IMAGES, name);
const sourcesOf = (name: string): string => join(IMAGES, name.replace(/\.png$/, '.sources.sha256'));
