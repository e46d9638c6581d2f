/** The page for everybody: by keyboard, on a phone, in the dark, with a screen reader. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { violations } from './axe.js';
import { SOON, openPage, useBrowser } from './browser.js';
import { serve, type Served } from './pageServer.js';
import { WIDTH, isAsked, picture, seePicture } from './picture.js';
import { School, learnerName } from './school.js';

// It builds the program, which takes a while.
const starting = isAsked ? await import('../../scripts/startedSchool.js') : null;

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

let school: School;
let server: Served;

beforeAll(async () => {
  school = await School.open(60);
  await school.run();
  await school.click(24);
  await school.decide(learnerName(0));
  server = await serve(school);
});
afterAll(async () => {
  await server.close();
  await school.close();
});

useBrowser();

/** Everything on the page is there. */
async function whole(page: Page): Promise<void> {
  await page.locator('[data-list=new] .title').first().waitFor();
  await page.getByText('Engagement as of').waitFor();
  await page.getByText('Decisions, newest first').waitFor();
  await page.locator('#graph svg').waitFor();
  await page.locator('#topology-tables table').first().waitFor();
}

const focused = (page: Page): Promise<string> => page.evaluate('document.activeElement.id || document.activeElement.textContent');

describe('axe-core', () => {
  it.each(['light', 'dark'] as const)('finds nothing wrong with the whole page: %s', async (colorScheme) => {
    const page = await openPage(server.url, { colorScheme });
    await whole(page);
    await school.recommend(learnerName(0), [{ item: colorScheme === 'light' ? 'essay-1' : 'genes-quiz' }, { item: 'forum' }], [{ item: 'genes' }]);
    await page.locator('.is-changed').first().waitFor();
    await page.locator('#decisions summary').click();
    await page.getByText('Candidates in AAA-2014J').waitFor();
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
      colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(18, 21, 26)',
    );
    expect(await violations(page)).toEqual([]);
  });

  it('finds nothing wrong with a stale list on a phone', async () => {
    await school.recommend(learnerName(9), [{ item: 'ecology' }], [{ item: 'genes' }], 0);
    await school.know(learnerName(9));
    const page = await openPage(`${server.url}/?learner=${learnerName(9)}`, PHONE);
    await whole(page);
    expect(await violations(page)).toEqual([]);
  });

  it('would find it: a text without contrast', async () => {
    const page = await openPage(server.url);
    await whole(page);
    await page.evaluate('document.getElementById("learner-facts").style.color = "#c0c0c0"');
    expect(await violations(page)).toEqual([expect.stringMatching(/^color-contrast: /)]);
  });
});

describe('by keyboard alone', () => {
  it('the first stop skips to the recommendations', async () => {
    const page = await openPage(server.url);
    await whole(page);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('skip');
    expect(await page.locator('#skip').innerText()).toBe('Skip to the recommendations');
    expect((await page.locator('.skip').boundingBox())!.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page), SOON).toBe('recommendations');
  });

  it('a learner is found by typing, chosen by arrow keys and picked by Enter', async () => {
    const page = await openPage(server.url);
    await whole(page);
    // Skip link, six sections, the search.
    for (let stop = 0; stop < 8; stop++) await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('search');
    await page.keyboard.type('learner-04');
    await expect
      .poll(() => page.getByRole('option').allInnerTexts(), SOON)
      .toEqual(Array.from({ length: 10 }, (_, number) => learnerName(40 + number)));
    expect(await page.locator('#found-note').innerText()).toBe('10 found.');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp']) await page.keyboard.press(key);
    const active = await page.locator('#search').getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active}`).innerText()).toBe(learnerName(41));
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('[aria-selected=true]').innerText(), SOON).toBe(learnerName(41));
    await expect.poll(() => page.locator('#learner-facts').innerText(), SOON).toContain(learnerName(41));
    expect(await focused(page)).toBe('search');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('option').count(), SOON).toBe(50);
    expect(await page.locator('#found-note').innerText()).toBe('The first 50 are shown: type more of the id.');
  });

  it('any id can be asked for, also one that nobody knows', async () => {
    const page = await openPage(server.url);
    await whole(page);
    await page.locator('#search').focus();
    await page.keyboard.type('someone/else');
    await expect.poll(() => page.locator('#found-note').innerText(), SOON).toBe('No learner\'s id begins with "someone/else".');
    expect(await page.locator('#search').getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('#learner-facts').innerText(), SOON).toMatch(/^someone\/else: nothing is known/);
  });

  it('every stop shows where the focus is', async () => {
    const page = await openPage(server.url);
    await whole(page);
    const stops: string[] = [];
    for (let stop = 0; stop < 30; stop++) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
      const name = await focused(page);
      if (await page.evaluate('document.activeElement === document.body')) break;
      expect([name, outline]).toEqual([name, 'solid']);
      stops.push(name);
    }
    expect(stops).toContain('graph');
    expect(stops.length).toBeGreaterThan(8);
  });
});

describe('at the width of a phone', () => {
  it('nothing makes the page scroll sideways; what is wide scrolls by itself', async () => {
    await school.recommend('x'.repeat(200), [{ item: 'forum' }], []);
    for (const learner of [learnerName(0), 'x'.repeat(200)]) {
      const page = await openPage(`${server.url}/?learner=${learner}`, PHONE);
      await page.locator('[data-list=next] .title').first().waitFor();
      await page.locator('#graph svg').waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await page.evaluate('document.getElementById("graph").scrollWidth')).toBeGreaterThan(360);
    }
  });
});

describe('for those who want less motion', () => {
  it('nothing moves', async () => {
    const durations = async (reducedMotion: 'reduce' | 'no-preference'): Promise<string[]> => {
      const page = await openPage(server.url, { reducedMotion });
      await whole(page);
      return page.evaluate<string[]>('[...new Set([...document.querySelectorAll("*")].map((one) => getComputedStyle(one).transitionDuration))]');
    };
    expect(await durations('reduce')).toEqual(['0s']);
    expect(await durations('no-preference')).toEqual(expect.arrayContaining(['1s']));
  });
});

describe('the traffic of the page', () => {
  it('is small while nothing changes: the server says that the browser has it already', async () => {
    const page = await openPage(`${server.url}/?learner=${learnerName(0)}`);
    await whole(page);
    const sizes = (): Promise<number[]> =>
      page.evaluate(
        'performance.getEntriesByType("resource").filter(({ name }) => /learners.learner-000$/.test(name)).map(({ transferSize }) => transferSize)',
      );
    await expect.poll(async () => (await sizes()).length, SOON).toBeGreaterThan(2);
    const [first, ...later] = await sizes();
    expect(first).toBeGreaterThan(600);
    expect(later.every((size) => size < 400)).toBe(true);
  });

  it('ends while the page is hidden, and goes on when it is seen again', async () => {
    const page = await openPage(server.url);
    await whole(page);
    const hide = (hidden: boolean): Promise<unknown> =>
      page.evaluate(
        `Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`,
      );
    await hide(true);
    await page.waitForTimeout(1200); // what was under way
    let asked = 0;
    page.on('request', () => asked++);
    await page.waitForTimeout(2200);
    expect(asked).toBe(0);
    await hide(false);
    await expect.poll(() => asked, SOON).toBeGreaterThan(0);
  });
});

describe('the picture of the page in the documents', () => {
  it('is there, and UPDATE_IMAGES=1 takes it anew', async () => {
    const page = await openPage(`${server.url}/?learner=${learnerName(0)}`, { viewport: { width: WIDTH, height: 1200 } });
    await whole(page);
    const next = [
      { item: 'genes-quiz', source: 'REVIEW' },
      { item: 'forum' },
      { item: 'essay-1', source: 'CURRICULUM' },
      { item: 'welcome' },
    ] as const;
    await school.recommend(learnerName(0), next, [
      { item: 'ecology', source: 'NEW' },
      { item: 'genes', source: 'CURRICULUM' },
    ]);
    await page.locator('.is-changed[data-item=ecology]').waitFor();
    await picture(page, 'page.png');
  });

  it('is there of a start, too', { timeout: 300_000 }, async () => {
    if (starting === null) return seePicture('start.png');
    const { child, lines } = await starting.startSchool();
    try {
      const { serving } = Object.assign({}, ...lines()) as { readonly serving: { readonly page: string } };
      const page = await openPage(serving.page, { viewport: { width: WIDTH, height: 860 } });
      await page.locator('[data-list=new] .title').first().waitFor();
      await picture(page, 'start.png');
    } finally {
      child.process.kill('SIGTERM');
      await child.result;
    }
  });
});
