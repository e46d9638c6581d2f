/** Where the rows of learners lie, and come from: Redis, or the embedded storage. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../runtime/embedded/index.js';
import type { Awaitable, StateWrite } from '../../runtime/ports.js';
import { openRedis, randomId } from '../../runtime/redis/index.js';
import { startServices } from '../../scripts/services/index.js';
import { progress } from '../report.js';

const TASK = 'recommendations@2/0/0';
const STORE = 'learner/state';

/** A store with the rows of learners, by their names. */
export interface RowPlace {
  readonly name: string;
  get(learner: string): Awaitable<Buffer | null>;
  close(): Promise<void>;
}

export type Rows = readonly { readonly key: string; readonly value: Buffer }[];

const writesOf = (rows: Rows): StateWrite[] => rows.map(({ key, value }) => ({ store: STORE, key, value }));

/** A new folder, gone afterwards. */
export async function embeddedRows(rows: Rows): Promise<RowPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-bench-'));
  const storage = await openEmbedded(folder);
  await storage.commit({ task: TASK, outputs: [], state: writesOf(rows), queue: [], progress: Buffer.alloc(0) });
  return {
    name: 'embedded',
    get: (learner) => storage.tasks.get(TASK, STORE, learner),
    close: async () => {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A Redis of its own, read as a worker reads it: under its claim. @throws SFS_SERVICE_MISSING where there is none for this machine */
export async function redisRows(rows: Rows): Promise<RowPlace> {
  const services = await startServices({ redis: 'single', report: progress });
  const state = await openRedis({ url: services.redis!.url, region: 'bench' });
  const claimed = await state.claim(TASK);
  await claimed.recover(null);
  await claimed.commit({ id: randomId(), state: writesOf(rows), queue: [], progress: Buffer.alloc(0) });
  return {
    name: 'Redis',
    get: async (key) => (await claimed.fetch([{ store: STORE, key }]))[0]!,
    close: async () => {
      await state.close();
      await services.close();
    },
  };
}
