/** Events from a page of another origin: the lines of the how-to, in a browser. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SOON, openPage, takeComplaints, useBrowser } from '../reader/page/browser.js';
import { blocksOf } from '../docs/documents.js';
import { Door } from './gateways.js';

const HOW_TO = 'docs/how-to/send-events.md';
/** Where the how-to sends to; the gateway of a test is elsewhere. */
const SHOWN_URL = 'https://events.example';
const LEARNER = 'mailto:ada@example.org';

/** The page of a system for learning: whoever clicks an item sends it, by the lines of the how-to. */
const pageOf = (script: string): string => `<!doctype html>
<html lang="en">
  <link rel="icon" href="data:," />
  <title>AAA-2014J</title>
  <button id="quiz-1">Quiz 1</button>
  <a id="quiz-2" href="/left">Quiz 2</a>
  <output></output>
  <script>${script}
    document.querySelector('#quiz-1').onclick = async () => {
      const answer = await opened('quiz-1', 'AAA-2014J', '${LEARNER}').catch((error) => error);
      document.querySelector('output').textContent = answer instanceof Error ? 'not sent' : answer.status + ' ' + (await answer.text());
    };
    document.querySelector('#quiz-2').onclick = () => void opened('quiz-2', 'AAA-2014J', '${LEARNER}');
  </script>
</html>`;

/** Serves a page; each server is an origin of its own. */
class Site {
  private page = '';
  private readonly server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(request.url === '/left' ? '<!doctype html><link rel="icon" href="data:," /><title>Left</title>' : this.page);
  });

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  /** Under another name than the gateway: another host, and another port. */
  get origin(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  show(page: string): void {
    this.page = page;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const [named, stranger] = [new Site(), new Site()];
const asked: string[] = [];
let door: Door;
/** The gateway answers nothing before. */
let answering = Promise.resolve();

beforeAll(async () => {
  await Promise.all([named.open(), stranger.open()]);
  door = await Door.open({ now: Date.now, origins: [named.origin] });
  const { server } = door.gateway.app;
  const answer = server.listeners('request')[0] as RequestListener;
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.origin}`);
    void answering.then(() => answer(request, response));
  });
  const url = await door.gateway.listen({ port: 0 });
  const snippets = blocksOf(HOW_TO, 'js').filter(({ text }) => text.includes(SHOWN_URL));
  expect(snippets).toHaveLength(1);
  const page = pageOf(snippets[0]!.text.replace(SHOWN_URL, url));
  for (const site of [named, stranger]) site.show(page);
});
afterAll(async () => {
  await door.close();
  await Promise.all([named.close(), stranger.close()]);
});

useBrowser();

const clicked = (item: string) => door.records('clicks').filter(({ value }) => (value['personal'] as { item: string }).item === item);

describe('the lines of the how-to, in a page of another origin', () => {
  it('send a click, after the browser has asked whether it may', async () => {
    const before = Date.now();
    asked.length = 0;
    const page = await openPage(named.origin);
    await page.locator('#quiz-1').click();
    await page.getByText('200 {"written":1,"repeated":0}').waitFor();
    expect(asked).toEqual([`OPTIONS /v1/events ${named.origin}`, `POST /v1/events ${named.origin}`]);
    const [{ value: event }, ...more] = clicked('quiz-1') as [ReturnType<typeof clicked>[number]];
    expect(more).toEqual([]);
    expect(event).toMatchObject({ course: 'AAA-2014J', learner: door.identities.find(LEARNER), personal: { action: 'OPEN', item: 'quiz-1' } });
    expect(event.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    const at = event['occurredAtMs'] as number;
    expect([at >= before, at <= Date.now()]).toEqual([true, true]);
  });

  it('send it also where the click leaves the page', async () => {
    const page = await openPage(named.origin);
    let answers = (): void => {};
    answering = new Promise((resolve) => (answers = resolve));
    await page.locator('#quiz-2').click();
    await page.waitForURL('**/left');
    // The browser has been told nothing yet of whether it may send.
    answers();
    await expect.poll(() => clicked('quiz-2').length, SOON).toBe(1);
  });

  it('send nothing from an origin that is not named: the browser is told no, and says so', async () => {
    const before = door.records('clicks').length;
    asked.length = 0;
    const page = await openPage(stranger.origin);
    await page.locator('#quiz-1').click();
    await page.getByText('not sent').waitFor();
    expect(asked).toEqual([`OPTIONS /v1/events ${stranger.origin}`]);
    expect(door.records('clicks')).toHaveLength(before);
    const complaints = takeComplaints();
    expect(complaints[0]).toMatch(/blocked by CORS policy/);
  });
});
