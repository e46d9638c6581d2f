/** Readers and gateways: real ones, asked over HTTP. */
import { createGateway, openIdentityMap, ReceivedEvents } from '../../gateway/index.js';
import { RecommendationClient, createReader } from '../../reader/index.js';
import { localTools } from '../../runtime/localTools.js';
import { memoryStorage } from '../../runtime/testing/index.js';
import { gatewayTopics, openWriterLog } from '../../scripts/gateway/writerLog.js';
import { NOW_MS, click } from '../gateway/gateways.js';
import { MADE_MS, Shelves } from '../reader/shelves.js';
import { codeOf, counterIn, recordsIn, type Cell, type Outcome } from './cell.js';
import { newFolder } from '../fixtures/folders.js';

const COURSE = 'AAA-2014J';
const lists = { [COURSE]: { next: ['n1'] } };
const MISMATCH = 'SFS_REGION_MISMATCH';

/** What a reader of region `here` serves Ada of a log, and what it counts. */
async function served(shelves: Shelves, here: string): Promise<{ readonly items: number; readonly topic: string; readonly unusable: number }> {
  const reader = await createReader({ log: shelves.log, region: here, metrics: true, now: () => MADE_MS });
  try {
    await reader.client.caughtUp();
    const text = (await reader.app.inject({ url: '/metrics' })).body;
    const unusable = counterIn(text, 'skillforge_reader_unusable_records_total', { code: MISMATCH });
    return { items: reader.client.get('ada').items.length, topic: reader.client.status().served, unusable };
  } finally {
    await reader.close();
  }
}

async function takenByReader(here: string, there: string, where: string): Promise<Outcome> {
  const shelves = new Shelves(undefined, where);
  await shelves.recommend('ada', lists, { region: there });
  const { items, unusable } = await served(shelves, here);
  const refused = where === here ? MISMATCH : 'not read';
  return { refused: items > 0 ? null : refused, counted: unusable, taken: items, kept: shelves.log.topics().length === 1 };
}

/** Does something with a gateway of region `here` in a folder; closes it. */
async function gatewayIn<T>(
  folder: string,
  here: string,
  elsewhere: ReadonlyMap<string, string>,
  work: (ask: (url: string, payload?: object) => Promise<{ status: number; body: string }>, written: () => number) => Promise<T>,
): Promise<T> {
  const storage = memoryStorage({ now: () => NOW_MS });
  for (const spec of gatewayTopics(here)) storage.log.ensureTopic(spec);
  const identities = openIdentityMap(folder);
  const received = await ReceivedEvents.open(folder);
  try {
    const log = await openWriterLog(here, { open: () => localTools(storage).writer(`gateway/${received.id}`, []) });
    const gateway = await createGateway({ region: here, elsewhere, now: () => NOW_MS, log, identities, received });
    try {
      const ask = async (url: string, payload?: object) => {
        const answer = await gateway.app.inject({ url, method: payload === undefined ? 'GET' : 'POST', ...(payload && { payload }) });
        return { status: answer.statusCode, body: answer.body };
      };
      return await work(ask, () => recordsIn(storage, here, 'clicks'));
    } finally {
      await gateway.close();
    }
  } finally {
    await received.close();
    await identities.close();
  }
}

function sent(here: string, there: string, event: object): Promise<Outcome> {
  const elsewhere = new Map([['https://lms.there.example/', there]]);
  return gatewayIn(newFolder(), here, elsewhere, async (ask, written) => {
    const { status, body } = await ask('/v1/events', event);
    const { code, region } = JSON.parse(body) as { readonly code?: string; readonly region?: string };
    const counted = counterIn((await ask('/metrics')).body, 'skillforge_gateway_other_region_total', { region: there });
    // The sender has it, and knows where it belongs.
    return {
      refused: code ?? null,
      counted,
      taken: written(),
      kept: status === (here === there ? 200 : 421) && (code === undefined || region === there),
    };
  });
}

/** What readers and gateways meet. */
export const serverCells: readonly Cell[] = [
  {
    ...{ who: 'reader', what: 'event', how: 'a list in a topic of its own', code: MISMATCH },
    run: (here, there) => takenByReader(here, there, here),
  },
  {
    ...{ who: 'reader', what: 'topic', how: 'lists in the same log', code: 'not read' },
    run: (here, there) => takenByReader(here, there, there),
  },
  {
    ...{ who: 'reader', what: 'control record', how: 'a pointer', code: MISMATCH },
    run: async (here, there) => {
      const shelves = new Shelves(undefined, here);
      for (const name of ['recommendations', 'recommendations.v2']) await shelves.recommend('ada', lists, { region: here }, name);
      await shelves.pointer('recommendations.v2', { region: there });
      const { topic, unusable } = await served(shelves, here);
      const taken = topic === 'recommendations.v2' ? 1 : 0;
      return { refused: unusable > 0 ? MISMATCH : null, counted: unusable, taken, kept: true };
    },
  },
  {
    ...{ who: 'reader', what: 'state', how: 'a view', code: 'SFS_VIEW_REGION' },
    run: async (here, there) => {
      const store = { folder: newFolder() };
      const shelves = new Shelves(undefined, there);
      await shelves.recommend('ada', lists, { region: there });
      const open = (region: string) => RecommendationClient.openStill({ log: shelves.log, region, store, now: () => MADE_MS });
      const before = await open(there);
      await before.catchUp();
      await before.close();
      const refused = await codeOf(async () => (await open(here)).close());
      const after = await open(there);
      const kept = after.get('ada').items.length === 1;
      await after.close();
      return { refused, counted: refused === null ? 0 : 'start', taken: refused === null ? 1 : 0, kept };
    },
  },
  {
    ...{ who: 'gateway', what: 'event', how: 'an event that says its region', code: 'SFS_REGION_OTHER' },
    run: (here, there) => sent(here, there, click('said', { region: there })),
  },
  {
    ...{ who: 'gateway', what: 'header', how: 'an event of a learner who is at home elsewhere', code: 'SFS_REGION_OTHER' },
    run: (here, there) => sent(here, there, click('home', { learner: 'https://lms.there.example/ 7' })),
  },
  {
    ...{ who: 'gateway', what: 'state', how: 'its folder', code: MISMATCH },
    run: async (here, there) => {
      const folder = newFolder();
      const none = new Map<string, string>();
      await gatewayIn(folder, there, none, (ask) => ask('/v1/events', click('one')));
      const refused = await codeOf(() => gatewayIn(folder, here, none, () => Promise.resolve()));
      const identities = openIdentityMap(folder);
      const kept = identities.find('mailto:ada@example.org') !== null;
      await identities.close();
      return { refused, counted: refused === null ? 0 : 'start', taken: refused === null ? 1 : 0, kept };
    },
  },
];
