/** Streams of changes. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { COURSE, serving, shortOf, type Serving } from './serving.js';

const PATH = '/v1/learners/ada/recommendations/changes';

interface Event {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads events as a browser does. */
class Listener {
  readonly events: Event[] = [];
  comments = 0;
  ended = false;

  private constructor(
    readonly response: Response,
    readonly stop: () => void,
  ) {
    void this.read();
  }

  static async open({ url }: Serving, path = PATH, headers: Record<string, string> = {}): Promise<Listener> {
    const aborting = new AbortController();
    return new Listener(await fetch(url + path, { headers, signal: aborting.signal }), () => aborting.abort());
  }

  answers(): unknown[] {
    return this.events.map(({ data }) => shortOf(data));
  }

  private async read(): Promise<void> {
    let text = '';
    try {
      for await (const bytes of this.response.body!) {
        text += Buffer.from(bytes as Uint8Array).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop()!;
        for (const block of blocks) this.take(block);
      }
    } catch {
      // Stopped by the test.
    }
    this.ended = true;
  }

  private take(block: string): void {
    if (block.startsWith(':')) this.comments++;
    if (block.startsWith(':') || block.startsWith('retry:')) return;
    const fields = Object.fromEntries(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    this.events.push({ id: fields['id']!, event: fields['event']!, data: JSON.parse(fields['data']!) });
  }
}

const FIRST = ['personal', ['n1', 'n2']];

describe('a stream of changes', () => {
  it('begins with the answer, and goes on with each other one', async () => {
    const school = await serving();
    const listener = await Listener.open(school);
    const { status, headers } = listener.response;
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, 'text/event-stream; charset=utf-8', 'no-store']);
    await expect.poll(() => listener.answers()).toEqual([FIRST]);
    expect(listener.events[0]!.event).toBe('recommendations');
    expect(listener.events[0]!.data).toEqual(await (await school.get('/v1/learners/ada/recommendations')).json());
    // Another learner's record, and one of the same content, are no change.
    await school.shelves.recommend('ben', { [COURSE]: { next: ['n9'] } });
    await school.shelves.recommend('ada', { [COURSE]: { segment: 'a-level', next: ['n1', 'n2'], new: ['w1'] } });
    await school.shelves.recommend('ada', { [COURSE]: { next: ['n5'] } });
    await expect.poll(() => listener.answers()).toEqual([FIRST, ['personal', ['n5']]]);
    listener.stop();
  });

  it('tells of withdrawn items and of another version', async () => {
    const school = await serving();
    const listener = await Listener.open(school, `${PATH}?limit=5`);
    await expect.poll(() => listener.answers()).toEqual([FIRST]);
    await school.shelves.item('n1', { withdrawn: true });
    await expect.poll(() => listener.answers()).toEqual([FIRST, ['personal', ['n2']]]);
    await school.shelves.recommend('ada', { [COURSE]: { next: ['v2'] } }, {}, 'recommendations.v2');
    await school.shelves.pointer('recommendations.v2');
    await expect.poll(() => listener.answers().at(-1)).toEqual(['personal', ['v2']]);
    listener.stop();
  });

  it('leaves out the first answer where the client has it', async () => {
    const school = await serving();
    const first = await Listener.open(school);
    await expect.poll(() => first.events.length).toBe(1);
    first.stop();
    const again = await Listener.open(school, PATH, { 'last-event-id': first.events[0]!.id });
    await school.shelves.recommend('ada', { [COURSE]: { next: ['n5'] } });
    await expect.poll(() => again.answers()).toEqual([['personal', ['n5']]]);
    const other = await Listener.open(school, PATH, { 'last-event-id': first.events[0]!.id });
    await expect.poll(() => other.answers()).toEqual([['personal', ['n5']]]);
    again.stop();
    other.stop();
  });

  it('shows that it lives, and with that what no record tells: a learner who was denied', async () => {
    const school = await serving({ beatMs: 20 });
    const listener = await Listener.open(school);
    await expect.poll(() => listener.comments).toBeGreaterThan(1);
    await school.reader.client.denied.add('ada');
    await expect.poll(() => listener.answers()).toEqual([FIRST, ['popular', ['p1', 'q1']]]);
    listener.stop();
  });

  it('ends when the reader stops, and does not keep it from stopping', async () => {
    const school = await serving();
    const listener = await Listener.open(school);
    await expect.poll(() => listener.events.length).toBe(1);
    await school.reader.close();
    await expect.poll(() => listener.ended).toBe(true);
  });

  it('is let go of when the client goes away, whether it has read anything or not', async () => {
    const school = await serving({ metrics: true, beatMs: 20 });
    const streams = async (): Promise<string | undefined> =>
      /^skillforge_reader_streams (\d+)$/m.exec(await (await school.get('/metrics')).text())?.[1];
    const listener = await Listener.open(school);
    expect(await streams()).toBe('1');
    listener.stop();
    await expect.poll(streams).toBe('0');
    // Asks, and never reads.
    const socket = connect(Number(new URL(school.url).port), '127.0.0.1', () => {
      socket.write(`GET ${PATH} HTTP/1.1\r\nhost: a\r\n\r\n`);
      socket.pause();
    });
    await expect.poll(streams).toBe('1');
    socket.destroy();
    await expect.poll(streams).toBe('0');
  });

  it('refuses what the other routes refuse, and HEAD', async () => {
    const school = await serving();
    expect((await school.get(`${PATH}?limit=0`)).status).toBe(400);
    expect((await school.get(`${PATH}?profiling=false&segment=x`)).status).toBe(400);
    const head = await fetch(school.url + PATH, { method: 'HEAD' });
    expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET']);
  });
});
