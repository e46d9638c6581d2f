/**
 * The processes that `readerAtScale.ts` starts: `build` reads made-up lists into a view and ends, `serve` serves the view. Both print lines of JSON.
 *   node --import tsx bench/scaleServer.ts build|serve FOLDER LEARNERS
 */
import { RecommendationClient, createReader } from '../reader/index.js';
import { LmdbViewStore } from '../reader/lmdbViewStore.js';
import { MADE_MS, MadeUpLists, REGION, endsIn, evenEnds } from './madeUpLists.js';

const [command, folder = '', learners = ''] = process.argv.slice(2);
const PROGRESS_MS = 10_000;

const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const optionsOf = (ends: readonly number[]) => ({ log: new MadeUpLists(ends), region: REGION, store: { folder }, now: (): number => MADE_MS });

/** As a reader does at its first start: the same pass, the same transactions. */
async function build(): Promise<void> {
  const startMs = performance.now();
  const client = await RecommendationClient.openStill(optionsOf(evenEnds(Number(learners))));
  const lag = setInterval(() => say({ left: client.status().lag, seconds: (performance.now() - startMs) / 1_000 }), PROGRESS_MS);
  await client.catchUp();
  clearInterval(lag);
  await client.close();
  const { user, system } = process.cpuUsage();
  say({ seconds: (performance.now() - startMs) / 1_000, cpuSeconds: (user + system) / 1e6 });
}

/** The log ends where the view does: a build that was stopped is served as far as it came. */
async function serve(): Promise<void> {
  const store = LmdbViewStore.open(folder);
  const ends = endsIn(store.head().head?.positions ?? {});
  await store.close();
  const startMs = performance.now();
  const reader = await createReader(optionsOf(ends));
  const url = await reader.listen({ port: 0 });
  const listeningMs = performance.now() - startMs;
  await reader.client.caughtUp();
  say({ url, ends, listeningMs, readyMs: performance.now() - startMs });
}

await (command === 'build' ? build() : serve());
