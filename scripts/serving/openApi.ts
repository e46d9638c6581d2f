/** The OpenAPI description of the reader as a file, for who makes a client of it: `npx tsx scripts/serving/openApi.ts`. */
import { join } from 'node:path';
import { createReader, type ConsoleSource } from '../../reader/index.js';
import { packageRoot } from '../../schemas/index.js';
import { writtenByProgram } from '../writtenFile.js';

/** Where the file is. */
export const OPEN_API_FILE = join(packageRoot(), 'docs', 'reference', 'openapi', 'reader.json');

const nothing = (): Promise<never> => Promise.reject(new Error('nobody asks for it'));

/** A source that has all parts, so that all of their routes are declared; only the description is asked for. */
const EVERY_PART: Required<ConsoleSource> = {
  ...{ overview: nothing, learner: nothing, trend: nothing, decisions: nothing },
  ...{ replays: nothing, difference: nothing, models: nothing, deadLetters: nothing },
};

/** What the server says of itself at `/openapi.json`. */
export async function openApiText(): Promise<string> {
  const log = { topics: () => [], range: () => ({ start: 0, end: 0 }), read: () => [] };
  const reader = await createReader({ log, region: 'eu-west', console: EVERY_PART });
  try {
    return `${JSON.stringify((await reader.app.inject('/openapi.json')).json(), null, 2)}\n`;
  } finally {
    await reader.close();
  }
}

await writtenByProgram(import.meta.url, OPEN_API_FILE, openApiText, 'npx tsx scripts/serving/openApi.ts');
