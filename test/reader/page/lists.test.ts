import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANDIDATE_SOURCES } from '../../../operators/recommend/candidateSources.js';
import { REASONS, reasonText } from '../../../schemas/index.js';
import { SOON, openPage, takeComplaints, useBrowser } from './browser.js';
import { serve, type Served } from './pageServer.js';
import { NOW_MS, School, learnerName, type Pick } from './school.js';

const DAY_MS = 86_400_000;

let school: School;
let server: Served;

beforeAll(async () => {
  school = await School.open(60);
  server = await serve(school);
});
afterAll(() => server.close());

useBrowser();

/** The titles of a list, best first. */
const titles = (page: Page, list: 'next' | 'new'): Promise<string[]> => page.locator(`[data-list=${list}] .title`).allInnerTexts();

const marked = (page: Page): Promise<string[]> => page.locator('.is-changed .title').allInnerTexts();

const rowsOf = (page: Page, caption: string): Promise<string[]> =>
  page
    .locator('table', { has: page.getByText(caption) })
    .locator('tbody tr')
    .allInnerTexts();

/** A row as it is read, cells apart by one blank. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

describe('the page', () => {
  it('shows the first learner when nobody was picked, with title, kind, source and reasons of each item', async () => {
    await school.recommend(
      learnerName(0),
      [
        { item: 'forum', reasons: ['TRENDING_IN_COHORT'] },
        { item: 'cells-quiz', source: 'REVIEW' },
      ],
      [{ item: 'genes', source: 'CURRICULUM' }],
    );
    const page = await openPage(server.url);
    await expect.poll(() => titles(page, 'next'), SOON).toEqual(['Forum: ask and answer', 'Quiz on cells']);
    expect(await titles(page, 'new')).toEqual(['Genes and heredity']);
    const quiz = page.locator('[data-item=cells-quiz]');
    expect(plain(await quiz.innerText())).toBe('Quiz on cells quiz worth another look');
    expect(await page.locator('[data-item=forum] .reasons').innerText()).toBe(`trending in the cohort · ${reasonText('TRENDING_IN_COHORT')}`);
    expect(await marked(page)).toEqual([]);
  });

  it('names every source and every reason in words', async () => {
    const url = `${server.url}/?learner=${learnerName(7)}`;
    await school.recommend(
      learnerName(7),
      CANDIDATE_SOURCES.map((source, n) => ({ item: `item-${n}`, source })),
      [{ item: 'genes', source: 'CURRICULUM', reasons: Object.keys(REASONS) }],
    );
    const page = await openPage(url);
    await expect.poll(() => titles(page, 'next'), SOON).toHaveLength(CANDIDATE_SOURCES.length);
    const told = await page.locator('[data-list=next] .reasons').allInnerTexts();
    expect(new Set(told).size).toBe(CANDIDATE_SOURCES.length);
    // Several words each: the name of a source alone is none.
    expect(told.filter((text) => !/^[a-z]+( [a-z]+){2,}$/.test(text))).toEqual([]);
    expect(await page.locator('[data-list=new] .reasons').innerText()).toBe(['from the plan of the course', ...Object.values(REASONS)].join(' · '));
  });

  it('says how much of a list is what others use, where too little is known of the learner', async () => {
    const shared: readonly Pick[] = [
      { item: 'forum', source: 'SEGMENT' },
      { item: 'welcome', source: 'POPULAR' },
    ];
    await school.recommend(learnerName(8), [...shared, { item: 'genes' }], shared);
    const page = await openPage(`${server.url}/?learner=${learnerName(8)}`);
    const notes = (): Promise<string[]> => page.locator('[data-list] .note').allInnerTexts();
    const noteOf = (count: string): string => `What the segment or the whole course uses: ${count}. Too little is known of this learner for more.`;
    await expect.poll(notes, SOON).toEqual([noteOf('2 of 3 items'), noteOf('all items')]);
    await school.recommend(learnerName(8), [{ item: 'genes' }], [{ item: 'genes' }], NOW_MS);
    await expect.poll(notes, SOON).toEqual([]);
    // A list that stands in for the learner's own says so itself.
    await page.goto(`${server.url}/?learner=nobody`);
    await expect.poll(() => titles(page, 'next'), SOON).toHaveLength(3);
    expect(await notes()).toEqual([]);
  });

  it('says how old the list is, how long it is good, and what made it', async () => {
    const page = await openPage(`${server.url}/?learner=${learnerName(1)}`);
    const state = page.locator('.state');
    await state.waitFor();
    expect(plain(await state.innerText())).toBe(
      'personal made 3 h ago, good for another 21 h Made for this learner. model formula-1, topology version 1',
    );
    expect(await page.locator('#clock').innerText()).toBe('2014-10-05 13:00 UTC');
  });

  it('marks a list that is past its time as stale, and keeps showing it', async () => {
    await school.recommend(learnerName(2), [{ item: 'ecology' }], [], NOW_MS - 5 * DAY_MS);
    const page = await openPage(`${server.url}/?learner=${learnerName(2)}`);
    await expect.poll(() => titles(page, 'next'), SOON).toEqual(['An ecosystem in a jar']);
    expect(plain(await page.locator('.state').innerText())).toMatch(/^stale made 5 d ago Made for this learner, but past its time/);
  });

  it('shows what is popular to a learner who is not known, and says so', async () => {
    const page = await openPage(`${server.url}/?learner=nobody`);
    await expect.poll(() => titles(page, 'next'), SOON).toEqual(['Forum: ask and answer', 'Welcome to the course', 'The cell and its parts']);
    expect(await page.locator('[data-served]').getAttribute('data-served')).toBe('popular');
    expect(await page.locator('#learner-facts').innerText()).toBe('nobody: nothing is known of enrolments, segment or consent.');
  });

  it('changes a list as soon as a record is written, and marks what came or moved up, without moving the focus', async () => {
    const learner = learnerName(3);
    const page = await openPage(`${server.url}/?learner=${learner}`);
    await expect.poll(() => titles(page, 'next'), SOON).toEqual(['Welcome to the course', 'The cell and its parts', 'Forum: ask and answer']);
    await page.locator('#search').focus();
    await school.recommend(
      learner,
      ['essay-1', 'forum', 'welcome', 'cells-1'].map((item) => ({ item })),
      [{ item: 'genes' }],
      NOW_MS,
    );
    await expect
      .poll(() => titles(page, 'next'), SOON)
      .toEqual(['Essay: what is life?', 'Forum: ask and answer', 'Welcome to the course', 'The cell and its parts']);
    expect(await marked(page)).toEqual(['Essay: what is life?', 'Forum: ask and answer']);
    expect(plain(await page.locator('[data-item=essay-1]').innerText())).toContain('new here');
    expect(plain(await page.locator('[data-item=forum]').innerText())).toContain('up 1');
    expect(await page.locator('#announcement').textContent()).toMatch(/^The recommendations changed: 2 came or moved up/);
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
  });

  it('drops the marks when another learner is picked', async () => {
    const learner = learnerName(4);
    const page = await openPage(`${server.url}/?learner=${learner}`);
    await expect.poll(() => titles(page, 'new'), SOON).toEqual(['Genes and heredity']);
    await school.recommend(learner, [{ item: 'essay-1' }], [{ item: 'ecology' }]);
    await expect.poll(() => marked(page), SOON).toEqual(['Essay: what is life?', 'An ecosystem in a jar']);
    await page.getByRole('option', { name: learnerName(5) }).click();
    await expect.poll(() => titles(page, 'new'), SOON).toEqual(['Genes and heredity']);
    expect(await marked(page)).toEqual([]);
    expect(new URL(page.url()).searchParams.get('learner')).toBe(learnerName(5));
    await page.goBack();
    await expect.poll(() => titles(page, 'new'), SOON).toEqual(['An ecosystem in a jar']);
  });

  it('takes what the server says as text, never as markup', async () => {
    const learner = '<img src=x onerror=alert(1)>';
    await school.item('evil', '<script>alert(1)</script><b>bold</b>');
    await school.recommend(learner, [{ item: 'evil', reasons: ['<i>CODE</i>'] }], []);
    const page = await openPage(`${server.url}/?learner=${encodeURIComponent(learner)}`);
    await expect.poll(() => titles(page, 'next'), SOON).toEqual(['<script>alert(1)</script><b>bold</b>']);
    expect(await page.locator('main :is(img, script, b, i)').count()).toBe(0);
  });
});

describe('the windows behind the recommendations', () => {
  it('tell engagement, mastery and deadlines, and change when records are written', async () => {
    await school.know(learnerName(6));
    const page = await openPage(`${server.url}/?learner=${learnerName(6)}`);
    await page.getByText('Engagement as of').waitFor();
    const engagement = async (): Promise<string[]> => (await rowsOf(page, 'Engagement as of')).map(plain);
    expect(await engagement()).toEqual(['1 hour 4 8 6 0', '1 day 12 24 18 1', '7 days 1,234 2,468 1,851 123', '28 days 0 0 0 0']);
    expect((await rowsOf(page, 'Mastery of skills, weakest first')).map(plain)).toEqual(['heredity 36 % 13', 'cells 86 % 14']);
    expect((await rowsOf(page, 'Deadlines:')).map(plain)).toEqual(['essay-1 AAA-2014J 2014-10-08 13:00 3 d']);
    expect(await page.locator('#learner-facts').innerText()).toBe('learner-006: AAA-2014J; segment evening; 6 hours a week; agreed to be profiled');
    await school.know(learnerName(6), 30);
    await expect.poll(engagement, SOON).toContain('1 hour 30 60 45 3');
  });

  it('tell how much the cohort uses each recommended item, as bars of events a day', async () => {
    const page = await openPage(`${server.url}/?learner=${learnerName(0)}`);
    await school.recommend(learnerName(0), [{ item: 'forum' }, { item: 'ecology' }], []);
    const trend = page.locator('[data-item=forum] .trend');
    await expect.poll(() => trend.innerText(), SOON).toContain('40 · 90 · 140');
    expect(await trend.locator('.unseen').textContent()).toBe('The cohort: 40 events in the last day, 90 in 3 days, 140 in 7 days');
    const boxes = await Promise.all((await trend.locator('.bars span').all()).map((bar) => bar.boundingBox()));
    const heights = boxes.map((box) => box!.height);
    expect(heights.map((height) => height / heights[0]!)).toEqual([1, expect.closeTo(30 / 40, 1), expect.closeTo(20 / 40, 1)]);
    expect(await page.locator('[data-item=ecology] .trend').count()).toBe(0);
    await school.trend(77);
    await expect.poll(() => trend.innerText(), SOON).toContain('77 · 90 · 140');
  });
});

describe('a server that does not answer', () => {
  it('is told of, what was shown stays, and the page goes on by itself when it is back', { timeout: 40_000 }, async () => {
    const other = await School.open(2);
    const first = await serve(other);
    const page = await openPage(first.url);
    await expect.poll(() => titles(page, 'new'), SOON).toEqual(['Genes and heredity']);
    await first.close();
    await expect.poll(() => page.locator('#connection').innerText(), SOON).toBe('No answer from the server: trying again');
    expect(await titles(page, 'new')).toEqual(['Genes and heredity']);
    const second = await serve(other, { port: Number(new URL(first.url).port) });
    await expect.poll(() => page.locator('#connection').innerText(), { ...SOON, timeout: 15_000 }).toBe('Live');
    await second.close();
    await page.close();
    expect(takeComplaints().every((text) => text.includes('ERR_CONNECTION_REFUSED'))).toBe(true);
  });
});
