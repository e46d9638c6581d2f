/** The page while servers are away: in the place of each list it says which of them it is, and shows all again when they are back. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConsoleSource } from '../../../reader/index.js';
import { violations } from './axe.js';
import { SOON, openPage, useBrowser } from './browser.js';
import { serve, type Served } from './pageServer.js';
import { School, learnerName } from './school.js';

const absent = 'Not to be had now: Kafka is away (SFS_BROKER_UNAVAILABLE).';
const WHY = { absent, away: ['kafka'] } as const;

let school: School;
let server: Served;
let isAway = false;

/** Says that Kafka is away, where it is. */
function between(source: ConsoleSource): ConsoleSource {
  const or = <T>(nothing: T, ask: () => T | Promise<T>): Promise<T> => Promise.resolve(isAway ? nothing : ask());
  return {
    ...source,
    overview: () => or({ topologies: [], topics: [], ...WHY }, () => source.overview()),
    learner: (learner) => or({ learner, context: null, engagement: null, mastery: null, ...WHY }, () => source.learner(learner)),
    trend: (cohort) => or({ cohort, trend: null, ...WHY }, () => source.trend(cohort)),
    decisions: (learner) => or({ learner, decisions: [], logged: [], ...WHY }, () => source.decisions!(learner)),
    replays: () => or({ replays: [], ...WHY }, () => source.replays!()),
    difference: (topology) => or(WHY, () => source.difference!(topology)),
    deadLetters: () => or({ total: 0, sentBack: 0, byCode: [], letters: [], ...WHY }, () => source.deadLetters!()),
  };
}

beforeAll(async () => {
  school = await School.open(3);
  await school.run();
  await school.click(73);
  await school.counted(12);
  await school.garble(learnerName(1));
  await school.replay();
  server = await serve(school, { between });
});
afterAll(async () => {
  await server.close();
  await school.close();
});

useBrowser();

/** What stands in a part of the page. */
const textIn = (page: Page, part: string): Promise<string> => page.locator(part).innerText();
const PLACES = ['#graph svg', '#topology-tables table', '[data-replay]', '#dead-letter-tables table', '#decision-tables table'];

const counts = (page: Page): Promise<number[]> => Promise.all(PLACES.map((place) => page.locator(place).count()));

describe('while Kafka is away', () => {
  it('the page says so in the place of each list, goes on with its lists, and shows all again afterwards', async () => {
    isAway = false;
    const page = await openPage(`${server.url}/?learner=${learnerName(0)}`);
    await expect.poll(async () => (await counts(page)).every((count) => count > 0), SOON).toBe(true);
    isAway = true;
    for (const part of ['#topologies-note', '#replays-note', '#dead-letters-note', '#window-tables', '#decision-tables'])
      await expect.poll(() => textIn(page, part), SOON).toBe(absent);
    expect(await counts(page)).toEqual(PLACES.map(() => 0));
    expect(await page.locator('[data-list=next] .title').count()).toBeGreaterThan(0);
    expect(await textIn(page, '#connection')).toBe('Live');
    expect(await violations(page)).toEqual([]);
    isAway = false;
    await expect.poll(async () => (await counts(page)).every((count) => count > 0), SOON).toBe(true);
    await expect.poll(() => textIn(page, '#dead-letters-note'), SOON).toMatch(/^1 letter; /);
  });

  it('a comparison says so, too', async () => {
    isAway = false;
    const page = await openPage(server.url);
    const button = page.getByRole('button', { name: 'Compare the results' });
    await button.waitFor();
    const status = page.locator('[data-replay] [role=status]');
    await page.route('**/difference', (route) => route.fulfill({ json: WHY }));
    await button.click();
    await expect.poll(() => status.innerText(), SOON).toBe(absent);
  });
});
