/** Serves the page over a school, by the reader that users run. */
import { createReader, type AccessOptions, type ConsoleSource } from '../../../reader/index.js';
import { consoleSource } from '../../../scripts/serving/consoleSource.js';
import type { ModelFigureOptions } from '../../../scripts/serving/modelFigures.js';
import { NOW_MS, REGION, type School } from './school.js';

export interface Served {
  readonly url: string;
  readonly close: () => Promise<unknown>;
}

export interface ServeOptions {
  /** 0 for any that is free. */
  readonly port?: number;
  readonly models?: ModelFigureOptions;
  readonly access?: AccessOptions;
  /** Puts something between the page and its figures. */
  readonly between?: (source: ConsoleSource) => ConsoleSource;
}

export async function serve({ storage }: School, { port = 0, models, access, between = (source) => source }: ServeOptions = {}): Promise<Served> {
  const reader = await createReader({
    log: storage.log,
    region: REGION,
    now: () => NOW_MS,
    pollMs: 20,
    console: between(consoleSource(storage, { region: REGION, models })),
    ...(access && { access }),
  });
  await reader.client.caughtUp();
  return { url: await reader.listen({ port }), close: () => reader.close() };
}
