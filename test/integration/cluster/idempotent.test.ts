/** With `guarantee: 'idempotent'` outputs may repeat when a worker dies: folded by key they are right all the same, and state is exact. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describe as graphOf } from '../../../operators/graph.js';
import type { MemoryStorage } from '../../../runtime/testing/index.js';
import { skipPastHalfTime } from '../../fixtures/halfTime.js';
import { TOPOLOGIES } from '../../simulation/replayed.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import {
  differencesOf,
  expectedOf,
  newRegion,
  openOn,
  resultsInCluster,
  resultsInMemory,
  sendInput,
  type OpenCluster,
  type Results,
} from './replica.js';
import { end, starter } from './workers.js';

const DEADLINE_MS = 240_000;

/** The last value of each key. */
const folded = (results: Results): Results => new Map([...results].map(([name, values]) => [name, values.slice(-1)]));

/** Tasks and the names of their stores. */
const STORES = TOPOLOGIES.flatMap((topology) => {
  const { name, version, subtopologies, stages } = graphOf(topology);
  return subtopologies.flatMap(({ index, partitions, stageIds }) =>
    stages
      .filter(({ id }) => stageIds.includes(id))
      .flatMap(({ stores }) => stores)
      .flatMap((store) => Array.from({ length: partitions }, (_, at) => ({ task: `${name}@${version}/${index}/${at}`, store: store.name }))),
  );
});

type Rows = Map<string, string>;

function rowsInMemory({ tasks }: MemoryStorage): Rows {
  const rows: Rows = new Map();
  for (const { task, store } of STORES)
    for (const { key, value } of tasks.scan(task, store)) rows.set(`${task} ${store} ${key}`, value.toString('hex'));
  return rows;
}

async function rowsInRedis({ state }: OpenCluster): Promise<Rows> {
  const rows: Rows = new Map();
  for (const { task, store } of STORES)
    for await (const { key, value } of state.rows(task).scan(store)) rows.set(`${task} ${store} ${key}`, value.toString('hex'));
  return rows;
}

/** Keys whose rows differ. */
const rowsThatDiffer = (expected: Rows, found: Rows): string[] =>
  [...new Set([...expected.keys(), ...found.keys()])].filter((name) => expected.get(name) !== found.get(name));

it('repeats outputs at most, and keeps state exact, when workers are killed', { timeout: SERVER_START_MS + DEADLINE_MS }, async (context) => {
  skipPastHalfTime(context);
  const [servers, region] = [{ kafka: await sharedKafka(context), redis: await sharedRedis(context) }, newRegion()];
  const storage = await expectedOf({ seed: 6, days: 12, clicksPerDay: 1_500, learners: 60, region });
  const expected = await resultsInMemory(storage);
  const rows = rowsInMemory(storage);
  expect(rows.size).toBeGreaterThan(50);
  const opened = await openOn(servers, region);
  context.onTestFinished(() => opened.close());
  await sendInput(storage, opened);
  const start = starter(context, servers, region, 'idempotent');

  // Values that came twice are no matter.
  const isUnfinished = (found: Results): boolean => differencesOf(folded(expected), folded(found)).length > 0;
  let unfinished = 0;
  for (let kill = 0; kill < 2; kill++) {
    // Looked at before it starts: a fast one may have done everything before anybody looks. Then nothing new comes, now or ever.
    const before = await resultsInCluster(opened, storage);
    const victim = await start();
    for (let found = before; differencesOf(before, found).length === 0 && isUnfinished(found); await sleep(100))
      found = await resultsInCluster(opened, storage);
    await end(victim, 'SIGKILL');
    expect(victim.signalCode).toBe('SIGKILL');
    if (isUnfinished(await resultsInCluster(opened, storage))) unfinished++;
  }
  expect(unfinished).toBeGreaterThan(0);

  const last = await start();
  let [results, state] = [['not looked at'], ['not looked at']];
  for (const until = Date.now() + DEADLINE_MS; Date.now() < until && results.length + state.length > 0; await sleep(1000)) {
    results = differencesOf(folded(expected), folded(await resultsInCluster(opened, storage)));
    state = rowsThatDiffer(rows, await rowsInRedis(opened));
  }
  expect({ results, state }).toEqual({ results: [], state: [] });
  await end(last, 'SIGTERM');
  expect(last.exitCode).toBe(0);
});
