/** Serves the page over a school, by the reader that users run. */
import { createReader } from '../../../reader/index.js';
import { consoleSource } from '../../../scripts/serving/consoleSource.js';
import { NOW_MS, REGION, type School } from './school.js';

export interface Served {
  readonly url: string;
  readonly close: () => Promise<unknown>;
}

/** @param port - 0 for any that is free */
export async function serve({ storage }: School, port = 0): Promise<Served> {
  const reader = await createReader({
    log: storage.log,
    region: REGION,
    now: () => NOW_MS,
    pollMs: 20,
    console: consoleSource(storage, { region: REGION }),
  });
  await reader.client.caughtUp();
  return { url: await reader.listen({ port }), close: () => reader.close() };
}
