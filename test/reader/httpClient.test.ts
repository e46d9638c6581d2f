/** The client over HTTP, against real readers; and the description that others make clients of. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecommendationHttpClient, newKey, writeKeys, type EventWriter, type ReaderEvent } from '../../reader/index.js';
import { OPEN_API_FILE, openApiText } from '../../scripts/serving/openApi.js';
import { COURSE, OTHER, serving, shortOf, type Serving } from './serving.js';
import { newFolder } from '../fixtures/folders.js';

const FULL = { label: 'app', learner: null, perMinute: null, createdAtMs: 0, expiresAtMs: null };
const { key, entry } = newKey({ ...FULL, scopes: ['recommendations:read', 'events:write'] });
const sent: ReaderEvent[] = [];
const events: EventWriter = { write: (some) => Promise.resolve(sent.push(...some) > 0 ? 'log' : 'outbox') };

let school: Serving;
let client: RecommendationHttpClient;
const statuses: number[] = [];
beforeAll(async () => {
  const keyFile = join(newFolder(), 'keys.json');
  writeKeys(keyFile, [entry]);
  const logStream = { write: (line: string) => statuses.push((JSON.parse(line) as { status: number }).status) > 0 };
  school = await serving({ access: { keyFile }, events, logStream });
  client = new RecommendationHttpClient({ url: `${school.url}/`, credential: () => Promise.resolve(key), timeoutMs: 30_000 });
});

describe('the HTTP client', () => {
  it('asks for a learner, a segment, many learners', async () => {
    const answer = await client.get('ada', { limit: 1, explain: true, exclude: ['n1'] });
    expect([answer.learner, answer.list, ...shortOf(answer)]).toEqual(['ada', 'next', 'personal', ['n2']]);
    expect(shortOf(await client.get('ada', { list: 'new', course: COURSE }))).toEqual(['personal', ['w1']]);
    expect(shortOf(await client.get('ada', { profiling: false, course: OTHER }))).toEqual(['popular', ['q1']]);
    expect((await client.get('ü /|?#')).learner).toBe('ü /|?#');
    expect(shortOf(await client.getSegment(COURSE, 'a-level', { limit: 3 }))).toEqual(['segment', ['s1']]);
    expect((await client.getBatch(['ben', 'ada'], { limit: 1 })).map(shortOf)).toEqual([
      ['personal', ['n3']],
      ['personal', ['n1']],
    ]);
  });

  it('is not sent again what it has, and sees what is new', async () => {
    const ask = async (): Promise<unknown> => shortOf(await client.get('ben'));
    expect(await ask()).toEqual(['personal', ['n3']]);
    statuses.length = 0;
    expect(await ask()).toEqual(['personal', ['n3']]);
    await expect.poll(() => statuses).toEqual([304]);
    await school.shelves.recommend('ben', { [COURSE]: { next: ['n7'] } });
    await expect.poll(ask, { timeout: 30_000 }).toEqual(['personal', ['n7']]);
  });

  it('follows changes, and goes on after the last one that it had', async () => {
    const stop = new AbortController();
    const changes = client.changes('ada', { limit: 5 }, stop.signal);
    const first = (await changes.next()).value!;
    expect(shortOf(first.answer)).toEqual(['personal', ['n1', 'n2']]);
    await school.shelves.recommend('ada', { [COURSE]: { next: ['n8'] } });
    const second = (await changes.next()).value!;
    expect(shortOf(second.answer)).toEqual(['personal', ['n8']]);
    await changes.return(undefined);
    const later = client.changes('ada', { limit: 5 }, stop.signal, second.id);
    const next = later.next();
    await school.shelves.recommend('ada', { [COURSE]: { next: ['n9'] } });
    expect(shortOf((await next).value!.answer)).toEqual(['personal', ['n9']]);
    stop.abort();
    expect(await later.next()).toEqual({ done: true, value: undefined });
  });

  it('sends what was shown, and what came of it', async () => {
    const head = { learner: 'ada', course: COURSE, occurredAt: '2014-10-20T10:00:00Z', list: 'next' } as const;
    expect(await client.sendExposures([{ ...head, eventId: 'e1', madeAt: '2014-10-20T00:00:00Z', items: ['n1'] }])).toBe(1);
    expect(await client.sendFeedback([{ ...head, eventId: 'f1', kind: 'OPENED', item: 'n1', position: 0 }])).toBe(1);
    expect(sent.map(({ topic, value }) => [topic, value.eventId])).toEqual([
      ['exposures', 'e1'],
      ['feedback', 'f1'],
    ]);
  });

  it('takes events for sent that are on the disk of the reader', async () => {
    const { url } = await serving({ events: { write: () => Promise.resolve('outbox') } });
    const head = { learner: 'ada', course: COURSE, occurredAt: '2014-10-20T10:00:00Z', list: 'next' } as const;
    const other = new RecommendationHttpClient({ url, timeoutMs: 30_000 });
    expect(await other.sendFeedback([{ ...head, eventId: 'f1', kind: 'OPENED', item: 'n1', position: 0 }])).toBe(1);
  });

  it('throws the code of a problem, and says whether to come again', async () => {
    const stranger = new RecommendationHttpClient({ url: school.url, timeoutMs: 30_000 });
    await expect(stranger.get('ada')).rejects.toMatchObject({ code: 'SFS_UNAUTHENTICATED', retriable: false, context: { status: 401 } });
    await expect(stranger.changes('ada').next()).rejects.toMatchObject({ code: 'SFS_UNAUTHENTICATED' });
    await expect(client.get('ada', { limit: 21 })).rejects.toMatchObject({
      code: 'SFS_REQUEST_INVALID',
      message: expect.stringContaining('limit') as string,
    });
    const limited = await serving({ perMinute: 1 });
    const often = new RecommendationHttpClient({ url: limited.url, timeoutMs: 30_000 });
    await often.get('ada');
    await expect(often.get('ada')).rejects.toMatchObject({
      code: 'SFS_RATE_LIMITED',
      retriable: true,
      context: { status: 429, retryAfterSeconds: expect.any(Number) as number },
    });
  });

  it('says that no reader is there: where nobody answers, in time, or as a reader does', async () => {
    const silent = createServer(() => undefined);
    const other = createServer((_, response) => response.end('hello'));
    const broken = createServer((_, response) => response.writeHead(502).end('bad gateway'));
    const urls = await Promise.all(
      [silent, other, broken].map(async (server) => {
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      }),
    );
    afterAll(() => [silent, other, broken].forEach((server) => server.close().closeAllConnections()));
    for (const url of [...urls, 'http://127.0.0.1:1']) {
      const lost = new RecommendationHttpClient({ url, timeoutMs: 500 });
      await expect(lost.get('ada'), url).rejects.toMatchObject({ code: 'SFS_READER_UNAVAILABLE', retriable: true });
    }
  });
});

describe('docs/reference/openapi/reader.json', () => {
  it('is what the server says of itself', async () => {
    expect(readFileSync(OPEN_API_FILE, 'utf8') === (await openApiText()), 'out of date: run npx tsx scripts/serving/openApi.ts').toBe(true);
  });
});
