/** What people operate by: tasks, replays, models, dead letters; and who sees what. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey, writeKeys, type Scope } from '../../../reader/index.js';
import { openRegistry } from '../../../runtime/models/registry/index.js';
import type { GateCheck } from '../../../scripts/models/gates/gate.js';
import { gateTags } from '../../../scripts/models/gates/runGates.js';
import { BUNDLE, RETRIEVAL } from '../../runtime/models/fixture.js';
import { violations } from './axe.js';
import { SOON, openPage, useBrowser } from './browser.js';
import { serve, type Served } from './pageServer.js';
import { WIDTH, picture } from './picture.js';
import { School, learnerName } from './school.js';

const folder = mkdtempSync(join(tmpdir(), 'sfs-operation-'));
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const keyOf = (scopes: readonly Scope[]) => newKey({ label: 'test', scopes, learner: null, perMinute: null, createdAtMs: 0, expiresAtMs: null });
const keys = {
  operator: keyOf(['console:read']),
  teacher: keyOf(['console:read', 'console:learners', 'recommendations:read']),
};

let school: School;
let server: Served;
/** The same school behind keys. */
let guarded: Served;

const CHECKS: readonly GateCheck[] = [
  { name: 'latency', status: 'passed', value: 1.25, bound: 10, reason: 'ms for a request of 100 candidates, of 99 in 100' },
  { name: 'quality-next', status: 'failed', value: -0.02, bound: 0, reason: 'the interval of the difference begins below the bound' },
];

/** A version that passed and decides, and one that failed. */
async function registryOf(place: string): Promise<void> {
  const registry = openRegistry(place);
  for (const [bundle, status] of [
    [RETRIEVAL, 'passed'],
    [BUNDLE, 'failed'],
  ] as const) {
    const { number, bundleVersion } = await registry.register(bundle, { trained_until_ms: '1412467200000' });
    const checks = status === 'failed' ? CHECKS : CHECKS.slice(0, 1);
    await registry.tag(number, gateTags({ number, bundleVersion, status, atMs: 1412500000000, champion: null, checks }));
  }
  await registry.move('production', '1', { by: 'ann', reason: 'passed its gates', atMs: 1412510000000 });
}

beforeAll(async () => {
  school = await School.open(3);
  await school.run();
  // The hour after the counted one begins for each of the twelve learners.
  await school.click(73);
  await school.counted(12);
  await school.garble(learnerName(1));
  await school.replay();
  await school.decide(learnerName(0));
  await registryOf(join(folder, 'registry'));
  const keyFile = join(folder, 'keys.json');
  writeKeys(keyFile, [keys.operator.entry, keys.teacher.entry]);
  const models = { registry: openRegistry(join(folder, 'registry')) };
  server = await serve(school, { models });
  guarded = await serve(school, { models, access: { keyFile } });
});
afterAll(async () => {
  await server.close();
  await guarded.close();
  await school.close();
  rmSync(folder, { recursive: true });
});

useBrowser();

/** All operating parts are there. */
async function whole(page: Page): Promise<void> {
  await page.locator('#graph svg').waitFor();
  await page.locator('[data-replay]').waitFor();
  await page.getByText('Versions, newest first').waitFor();
  await page.getByText('The last ones, newest first').waitFor();
}

const rowsOf = async (page: Page, caption: string): Promise<string[][]> => {
  const rows = await page.locator(`table:has(caption:text-is("${caption}")) tbody tr`).all();
  return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
};

const EXAMPLES = 'Some keys that differ in clicks-per-hour@2';
const DIFFERENCE = 'clicks-per-hour@2 against clicks-per-hour@1, by key';

describe('the operating parts', () => {
  it('show a replay with its progress, and its difference when somebody asks, by keyboard', async () => {
    const page = await openPage(server.url);
    await whole(page);
    const replay = page.locator('[data-replay="clicks-per-hour@2"]');
    expect(await replay.locator('.state').innerText()).toBe('Beside clicks-per-hour@1. It has caught up.');
    expect(await replay.locator('progress').getAttribute('value')).toBe('1');
    expect(await replay.locator('.facts').innerText()).toMatch(/^74 of 74 records taken, markers included; .*results in hours-of-clicks\.v2$/);
    await replay.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => rowsOf(page, DIFFERENCE), SOON).toEqual([['hours-of-clicks', '10', '0', '1', '1']]);
    expect(await replay.locator('[role=status]').innerText()).toMatch(/^Compared at .*: 16\.67 % of the keys differ, where topologyVersion may\.$/);
    expect((await rowsOf(page, EXAMPLES)).map(([key, , how, , fields]) => [key, how, fields]).sort()).toEqual([
      [learnerName(3), 'only in the live version', ''],
      [learnerName(5), 'differs', 'events'],
    ]);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Compare the results');
  });

  it('show models with their gates, and dead letters with codes and reasons', async () => {
    const page = await openPage(server.url);
    await whole(page);
    expect((await rowsOf(page, 'Versions, newest first')).map(([number, gates, aliases]) => [number, gates, aliases])).toEqual([
      ['2', 'failed', 'none'],
      ['1', 'passed', 'production'],
    ]);
    await page.locator('[data-fold="gates 2"] summary').click();
    expect((await rowsOf(page, 'Gates of version 2')).map(([name, verdict, value, bound]) => [name, verdict, value, bound])).toEqual([
      ['latency', 'passed', '1.25', '10'],
      ['quality-next', 'failed', '-0.02', '0'],
    ]);
    expect((await rowsOf(page, 'Moves of aliases, newest first'))[0]!.slice(1)).toEqual(['production', 'nothing', '1', 'ann', 'passed its gates']);
    expect(await rowsOf(page, 'By code')).toEqual([['SFS_WIRE_FORMAT', '1']]);
    const [letter] = await rowsOf(page, 'The last ones, newest first');
    expect([letter![1], letter![2], letter![7]]).toEqual(['SFS_WIRE_FORMAT', 'clicks-per-hour@1', learnerName(1)]);
    await school.garble(learnerName(2));
    await expect.poll(() => rowsOf(page, 'By code'), SOON).toEqual([['SFS_WIRE_FORMAT', '2']]);
    // What was opened stays open while figures change.
    expect(await page.locator('[data-fold="gates 2"]').getAttribute('open')).not.toBeNull();
  });

  it('show the decisions of a learner, and what one of them saw', async () => {
    const page = await openPage(`${server.url}/?learner=${learnerName(0)}`);
    await page.getByText('Decisions, newest first').waitFor();
    expect((await rowsOf(page, 'Decisions, newest first')).map((row) => row.slice(1, 5))).toEqual([
      ['AAA-2014J', 'welcome, cells-1, forum', 'genes', 'formula-1'],
    ]);
    await page.locator('#decisions summary').click();
    const seen = await rowsOf(page, 'Candidates in AAA-2014J at 2014-10-05 10:00, best first');
    expect(seen.slice(0, 3).map((row) => row.slice(0, 3))).toEqual([
      ['place in next', '1', 'none'],
      ['place in new', 'none', 'none'],
      ['proposed as', 'trending in the cohort', 'trending in the cohort'],
    ]);
    expect(seen[6]!.slice(1, 3)).toEqual(['1', '0.5']);
  });

  it.each([
    ['dark', { colorScheme: 'dark' }],
    ['on a phone', PHONE],
  ] as const)('give axe-core nothing to find, all opened: %s', async (_, options) => {
    const page = await openPage(server.url, options);
    await whole(page);
    await page.getByText('Decisions, newest first').waitFor();
    for (const fold of await page.locator('summary').all()) await fold.click();
    await page.getByRole('button', { name: 'Compare the results' }).click();
    await page.getByText(DIFFERENCE).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
  });
});

describe('a page behind keys', () => {
  const openAs = (key: string): Promise<Page> =>
    openPage(guarded.url, { viewport: { width: WIDTH, height: 2390 }, httpCredentials: { username: 'anybody', password: key } });
  const shownLinks = (page: Page): Promise<string[]> => page.locator('nav a:visible').allInnerTexts();

  it('shows an operator how things run and nothing of learners, and asks for none of it', async () => {
    const asked: string[] = [];
    const page = await openAs(keys.operator.key);
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await whole(page);
    expect(await shownLinks(page)).toEqual(['Topologies', 'Replays', 'Models', 'Dead letters']);
    expect(await page.locator('#access-note').innerText()).toBe(
      'Not shown to this key: learners (scope console:learners), recommendations (scope recommendations:read).',
    );
    expect(await page.locator('.columns').isVisible()).toBe(false);
    const [letter] = await rowsOf(page, 'The last ones, newest first');
    expect(letter).toHaveLength(7);
    await page.locator('[data-fold="gates 2"] summary').click();
    await page.getByRole('button', { name: 'Compare the results' }).click();
    await page.getByText(DIFFERENCE).waitFor();
    expect(await page.getByText(EXAMPLES).count()).toBe(0);
    await picture(page, 'operation.png');
    expect(await page.locator('body').innerText()).not.toMatch(/learner-\d/);
    expect(asked.filter((path) => path.includes('learners') || path.startsWith('/v1'))).toEqual([]);
    await page.keyboard.press('Tab');
    expect(await page.locator('#skip').innerText()).toBe('Skip to the topologies');
    expect(await violations(page)).toEqual([]);
  });

  it('shows everything to who may see learners', async () => {
    const page = await openAs(keys.teacher.key);
    await whole(page);
    await page.locator('[data-list=next] .title').first().waitFor();
    expect(await shownLinks(page)).toHaveLength(7);
    expect(await page.locator('#access-note').isVisible()).toBe(false);
  });
});
