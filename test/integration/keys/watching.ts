/** What a key service says while something is done to its server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';

const PAUSE_MS = 2;

/** Asks all the time. @returns ends that, and gives what was said: `served`, or code and message of an error, each once */
export function watching(ask: () => Promise<unknown>): () => Promise<readonly string[]> {
  const said = new Set<string>();
  let goesOn = true;
  const asking = (async () => {
    while (goesOn) {
      await ask().then(
        () => said.add('served'),
        (error: unknown) => said.add(`${errorCodeOf(error)} ${errorMessageOf(error)}`),
      );
      await sleep(PAUSE_MS);
    }
  })();
  return async () => {
    goesOn = false;
    await asking;
    return [...said];
  };
}

/** Of what was said, that which is neither an answer nor a server that is away. */
export const unexpected = (said: readonly string[]): readonly string[] =>
  said.filter((text) => text !== 'served' && (!text.startsWith('SFS_KEYS_UNAVAILABLE ') || text.includes('fetch failed')));
