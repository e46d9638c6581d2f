/** Readers that listen, over a school in memory. */
import { createReader, type Reader, type ReaderOptions } from '../../reader/index.js';
import { atEndOfFile } from '../fixtures/endOfFile.js';
import { MADE_MS, REGION, Shelves } from './shelves.js';

export const COURSE = 'AAA-2014J';
export const OTHER = 'BBB-2013B';

export interface Serving {
  readonly shelves: Shelves;
  readonly reader: Reader;
  readonly url: string;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Two learners of one course with a segment, and what is popular in two courses. */
export async function school(): Promise<Shelves> {
  const shelves = new Shelves();
  await shelves.recommend('ada', { [COURSE]: { segment: 'a-level', next: ['n1', 'n2'], new: ['w1'] } });
  await shelves.recommend('ben', { [COURSE]: { next: ['n3'] } });
  await shelves.segment(COURSE, 'a-level', [['s1', 40]]);
  await shelves.segment(COURSE, 'all', [['p1', 90]]);
  await shelves.segment(OTHER, 'all', [['q1', 80]]);
  return shelves;
}

/** A reader of the school that has caught up and listens on the loopback. */
export async function serving(options: Partial<ReaderOptions> = {}): Promise<Serving> {
  const shelves = await school();
  const reader = await createReader({ log: shelves.log, region: REGION, now: () => MADE_MS, pollMs: 20, ...options });
  atEndOfFile(() => reader.close());
  await reader.client.caughtUp();
  const url = await reader.listen({ port: 0 });
  return {
    shelves,
    reader,
    url,
    get: (path, headers = {}) => fetch(url + path, { headers }),
    post: (path, body, headers = {}) =>
      fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }),
  };
}

/** The ids of an answer's items, and where it comes from. */
export const shortOf = (answer: unknown): [string, string[]] => {
  const { served, items } = answer as { served: string; items: { item: string }[] };
  return [served, items.map(({ item }) => item)];
};
