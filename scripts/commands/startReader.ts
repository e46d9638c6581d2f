/** The reader of `skillforge start`: beside the topologies, in the same process. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { DEFAULT_PORT, createReader, type Reader, type RecommendationClient } from '../../reader/index.js';
import type { ConsoleOverview } from '../../reader/consoleSource.js';
import type { LocalStorage } from '../../runtime/ports.js';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import { openRegistry } from '../../runtime/models/registry/index.js';
import { DAY_MS } from '../school/index.js';
import { consoleSource } from '../serving/consoleSource.js';
import { folderEvents } from '../serving/eventWriter.js';
import { viewFolderOf } from './readerView.js';

const HOST = '127.0.0.1';
const MOST_TRIES = 20;
const LOOK_MS = 200;

/**
 * The port to listen on: found before the work begins, which takes longer than a person waits for a refusal.
 * @param asked - `undefined` takes the reader's own or the next that is free
 * @throws SFS_LISTEN_FAILED
 */
export async function portFor(asked: number | undefined): Promise<number> {
  if (asked !== undefined) return tried(asked);
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + MOST_TRIES; port++) {
    const free = await tried(port).catch(() => null);
    if (free !== null) return free;
  }
  return 0;
}

async function tried(port: number): Promise<number> {
  const server = createServer();
  try {
    const listening = once(server, 'listening');
    server.listen(port, HOST);
    await listening;
    return port;
  } catch (cause) {
    throw new SkillForgeError('SFS_LISTEN_FAILED', `the reader cannot listen on port ${port} of ${HOST}: ${errorMessageOf(cause)}`, {
      cause,
      context: { host: HOST, port },
    });
  } finally {
    server.close();
  }
}

/** What runs where, and until when somebody waits. */
export interface Running {
  readonly region: string;
  /** `name@version` of the topologies. */
  readonly ids: readonly string[];
  readonly stopped: AbortSignal;
  /** Up to where the school is written, ms since epoch. */
  readonly untilMs: number;
}

/** Watermarks so near to the end are behind it by lateness and open hours alone. */
const NEAR_MS = DAY_MS;
/** Looks without a change until nothing moves. */
const QUIET_LOOKS = 5;

/** Whether the topologies move at all. */
class Rest {
  private last = '';
  private looks = 0;

  hasCome({ topologies }: ConsoleOverview): boolean {
    const now = JSON.stringify(topologies.map(({ lag, watermarkMs }) => [lag, watermarkMs]));
    this.looks = now === this.last ? this.looks + 1 : 0;
    this.last = now;
    return this.looks >= QUIET_LOOKS;
  }
}

/**
 * Resolves when nothing waits for any of the topologies, with the figures of then; with `null` when stopped before. In a folder that has lived,
 * what the last commits left may wait for what is still to be said of the time after it: then it resolves when nothing moves any more.
 *
 * @param onProgress - called with the event time up to which all of them have seen everything, ms since epoch
 */
export async function caughtUp(
  storage: LocalStorage,
  { region, ids, stopped, untilMs }: Running,
  onProgress: (timeMs: number) => void,
): Promise<ConsoleOverview | null> {
  const source = consoleSource(storage, { region, running: () => ids });
  let reachedMs = -Infinity;
  const rest = new Rest();
  while (!stopped.aborted) {
    const overview = await source.overview();
    const { topologies } = overview;
    const isComplete = topologies.length === ids.length;
    if (isComplete && topologies.every(({ lag }) => lag === 0)) return overview;
    // A task that begins later than others takes the least back: what is told only grows.
    if (isComplete) reachedMs = Math.max(reachedMs, Math.min(...topologies.map(({ watermarkMs }) => watermarkMs ?? -Infinity)));
    if (isComplete && reachedMs >= untilMs - NEAR_MS && rest.hasCome(overview)) return overview;
    onProgress(reachedMs);
    await sleep(LOOK_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
  return null;
}

/** What the reader is told. */
export interface ReaderSettings {
  readonly region: string;
  readonly data: string;
  readonly ids: readonly string[];
  /** The time of the school, ms since epoch. */
  readonly now: () => number;
  /** Place of the registry of models, and what ranks where that does not come from there. */
  readonly models: { readonly place: string; readonly ranking: string | null };
}

/** A reader with the page, over the storage of this process; it does not listen yet. @throws what opening its view throws */
export function startReader(storage: EmbeddedStorage, { region, data, ids, now, models }: ReaderSettings): Promise<Reader> {
  return createReader({
    log: storage.log,
    region,
    store: { folder: viewFolderOf({ data }) },
    now,
    events: folderEvents(storage.log, region),
    console: consoleSource(storage, {
      region,
      running: () => ids,
      models: { registry: openRegistry(models.place), ranking: models.ranking },
    }),
  });
}

/** A learner whose own lists are worth a look: the busiest whose both come from what they did; else any; `null` where nobody has one. */
export function learnerToShow(client: RecommendationClient, busiest: readonly string[]): string | null {
  const has = (learner: string, list: 'next' | 'new'): boolean => {
    const { served, items } = client.get(learner, { list });
    return served === 'personal' && items.some(({ source }) => source !== 'POPULAR' && source !== 'SEGMENT');
  };
  return busiest.find((learner) => has(learner, 'next') && has(learner, 'new')) ?? client.learners('', 1)[0] ?? null;
}
