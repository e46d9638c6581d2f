/** A headless Chromium for the tests of the page. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { findChromium } from '../../../scripts/checks/chromium.js';

const NO_CHROMIUM = 'no Chromium here: `npm run test:setup` installs it, or CHROMIUM_PATH names one';
const LAUNCH_MS = 60_000;

/** What a page complained about: errors of scripts, of the policy for scripts and styles, and what could not be loaded. */
const complaints: string[] = [];
const pages: Page[] = [];
let browser: Browser | undefined;

/** Opens the browser for the tests of a file. Without one they are skipped; each fails when a page complained. */
export function useBrowser(): void {
  const executablePath = findChromium();
  beforeAll(async () => {
    // A container has no room in /dev/shm, and root no sandbox.
    const args = ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])];
    if (executablePath !== null) browser = await chromium.launch({ executablePath, args });
  }, LAUNCH_MS);
  beforeEach((context) => context.skip(executablePath === null, NO_CHROMIUM));
  afterEach(async () => {
    await Promise.all(pages.splice(0).map((page) => page.context().close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());
}

/** Opens the page in a window of its own. */
export async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser!.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  pages.push(page);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

/** What the page complained about so far; the test has seen to it. */
export const takeComplaints = (): string[] => complaints.splice(0);

/** Waits for a page that asks every second. */
export const SOON = { timeout: 8_000, interval: 50 };
