/**
 * Follows an embedded folder into a view: `folder view`. Prints `ready` once it reads, and `end` at the end of the log.
 * With a third argument it tears each change of the view in two: the rows first, the head with the positions after them (`rows`), or the
 * other way round (`head`), and prints `torn` in between: what a view must not do.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Materializer } from '../../../reader/materializer.js';
import { LmdbViewStore } from '../../../reader/lmdbViewStore.js';
import { ViewSeal } from '../../../reader/viewSeal.js';
import type { ViewStore } from '../../../reader/viewStore.js';
import { ViewCodecs } from '../../../reader/viewTopics.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';

const STEP_MS = 50;

const [folder, view, torn] = process.argv.slice(2) as [string, string, string | undefined];
const storage = await openEmbedded(folder, { readOnly: true });
const whole = LmdbViewStore.open(view);
const region = 'eu-west';
const store: ViewStore = torn === undefined ? whole : tornStore(whole, torn);
const materializer = new Materializer({ log: storage.log, region, store, codecs: new ViewCodecs(region), seal: new ViewSeal(), clock: Date.now });
// A synchronous write to a pipe: what was printed happened, whenever the kill comes.
writeSync(1, 'ready\n');
while ((await materializer.pass()).overtaken);
writeSync(1, 'end\n');
await whole.close();
await storage.close();

function tornStore(inner: LmdbViewStore, first: string): ViewStore {
  return {
    // Two writes for one: the version that the materialiser knows goes up by one, that of the view by two.
    head: () => ({ ...inner.head(), version: inner.head().version / 2 }),
    get: (key) => inner.get(key),
    scan: (prefix) => inner.scan(prefix),
    renew: () => inner.renew(),
    close: () => inner.close(),
    write: async (expected, { head, rows, clear }) => {
      const before = inner.head().head ?? { ...head, positions: {} };
      const [one, two] =
        first === 'rows'
          ? [
              { head: before, rows },
              { head, rows: [] },
            ]
          : [
              { head, rows: [] },
              { head, rows },
            ];
      if (!(await inner.write(expected * 2, { ...one, clear: clear ?? false }))) return false;
      // Long enough for a kill to come in between.
      writeSync(1, 'torn\n');
      await sleep(STEP_MS);
      return inner.write(expected * 2 + 1, two);
    },
  };
}
