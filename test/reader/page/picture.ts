/** Pictures in the documents: the tests take them anew with UPDATE_IMAGES=1, and see that they are there. */
import { readFileSync } from 'node:fs';
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
  if (isAsked) await page.screenshot({ path: pathOf(name) });
  seePicture(name);
}

/** Sees that there is a picture. */
export function seePicture(name: string): void {
  const taken = readFileSync(pathOf(name));
  expect(taken.toString('latin1', 1, 4)).toBe('PNG');
  expect(taken.readUInt32BE(16)).toBe(WIDTH);
  expect(taken.length).toBeLessThan(400_000);
}

const pathOf = (name: string): string => join(projectRoot, 'docs', 'images', name);
