import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SOON, openPage, useBrowser } from './browser.js';
import { serve, type Served } from './pageServer.js';
import { School } from './school.js';

let school: School;
let server: Served;

beforeAll(async () => {
  school = await School.open(3);
  server = await serve(school);
});
afterAll(async () => {
  await server.close();
  await school.close();
});

useBrowser();

/** The texts of a node of the graph, from the top. */
const nodeOf = (page: Page, id: string): Promise<string[]> => page.locator(`[data-node="${id}"] text`).allTextContents();

const tableOf = async (page: Page, caption: string): Promise<string[][]> => {
  const rows = await page.locator(`table:has(caption:text-is("${caption}")) tbody tr`).all();
  return Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()));
};

interface Box {
  readonly x: number;
  readonly width: number;
}

const boxOf = async (page: Page, id: string): Promise<Box> => (await page.locator(`[data-node="${id}"] rect`).boundingBox())!;

const rightOf = ({ x, width }: Box): number => x + width;

describe('the topologies', () => {
  it('say so when none has run', async () => {
    const page = await openPage(server.url);
    await expect.poll(() => page.locator('#topologies-note').innerText(), SOON).toBe('No topology has run in this folder yet.');
    expect(await page.locator('#graph svg').count()).toBe(0);
  });

  it('stand in a graph with the topics between them, with rate, lag and watermark', async () => {
    await school.run();
    await school.click(36);
    const page = await openPage(server.url);
    await page.locator('#graph svg').waitFor();
    const nodes = await page.locator('[data-node]').all();
    const ids = await Promise.all(nodes.map((node) => node.getAttribute('data-node')));
    expect(ids.sort()).toEqual(['busy-hours', 'busy-learners@2', 'clicks', 'clicks-per-hour@1', 'hours-of-clicks']);
    expect(await page.locator('.edge').count()).toBe(4);
    const [clicks, perHour, hours, busy, busyHours] = await Promise.all(
      ['clicks', 'clicks-per-hour@1', 'hours-of-clicks', 'busy-learners@2', 'busy-hours'].map((id) => boxOf(page, id)),
    );
    expect(rightOf(clicks!)).toBeLessThan(perHour!.x);
    expect(rightOf(perHour!)).toBeLessThan(hours!.x);
    expect(rightOf(hours!)).toBeLessThan(busy!.x);
    expect(rightOf(busy!)).toBeLessThan(busyHours!.x);
    expect(
      await page.evaluate<string[]>(`[...document.querySelectorAll('[data-node]')].flatMap((node) => {
      const right = node.querySelector('rect').getBoundingClientRect().right;
      return [...node.querySelectorAll('text')].filter((text) => text.getBoundingClientRect().right > right - 5).map((text) => text.textContent);
    })`),
    ).toEqual([]);
    await expect
      .poll(() => nodeOf(page, 'clicks-per-hour@1'), SOON)
      .toEqual(['clicks-per-hour@1', '0/s in, 0/s out', '0 waiting', 'to 2014-10-04 13:27']);
    expect(await nodeOf(page, 'clicks')).toEqual(['clicks', '0/s', '0 waiting', 'to 2014-10-04 13:27']);
    expect((await nodeOf(page, 'busy-hours'))[1]).toMatch(/^to 2014-10-04 1\d:\d\d$/);
  });

  it('change their figures in place while records come', async () => {
    const page = await openPage(server.url);
    const rate = async (): Promise<number> => Number.parseFloat((await nodeOf(page, 'clicks-per-hour@1'))[1]!);
    await expect.poll(rate, SOON).toBe(0);
    await page.evaluate('document.querySelector("#graph svg").id = "drawn-once"');
    await school.click(60);
    await expect.poll(rate, SOON).toBeGreaterThan(0);
    await expect.poll(async () => (await nodeOf(page, 'clicks-per-hour@1'))[3], SOON).toBe('to 2014-10-04 14:27');
    expect(await page.locator('#drawn-once').count()).toBe(1);
  });

  it('stand in tables too, for those who do not see the graph', async () => {
    const page = await openPage(server.url);
    await page.locator('#topology-tables table').first().waitFor();
    await expect
      .poll(async () => (await tableOf(page, 'Topologies')).map(([id, , , lag, ...rest]) => [id, lag, ...rest]), SOON)
      .toEqual([
        ['busy-learners@2', '0', expect.stringMatching(/^2014-10-04 1\d:\d\d$/), '0', '0', 'hours-of-clicks', 'busy-hours'],
        ['clicks-per-hour@1', '0', '2014-10-04 14:27', '0', '0', 'clicks', 'hours-of-clicks'],
      ]);
    const topics = await tableOf(page, 'Topics');
    expect(topics.map(([name, , waiting, , , partitions]) => [name, waiting, partitions])).toEqual([
      ['busy-hours', 'not read', '12'],
      ['clicks', '0', '12'],
      ['hours-of-clicks', '0', '12'],
    ]);
    expect(topics[1]!.slice(3, 5)).toEqual(['2014-10-04 14:27', '96']);
    expect((await tableOf(page, 'Tasks')).map(([part, , waiting, , tasks, slowest, reads]) => [part, waiting, tasks, slowest, reads])).toEqual([
      ['busy-learners@2/0', '0', '12', 'none', 'hours-of-clicks'],
      ['clicks-per-hour@1/0', '0', '12', 'none', 'clicks'],
    ]);
    expect(await page.locator('#graph svg').getAttribute('aria-hidden')).toBe('true');
  });
});
