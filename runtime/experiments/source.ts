import { readFile } from 'node:fs/promises';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';

/** Where a payload comes from. */
export interface ExperimentSource {
  /** Path or address, for messages. */
  readonly place: string;
  /** The payload as it is now. @throws SFS_EXPERIMENTS_UNREACHABLE */
  read(): Promise<string>;
}

/** How long a server may take, ms. */
const MOST_WAIT_MS = 10_000;

/**
 * A features file, or the address of an SDK connection of a GrowthBook server, such as `https://cdn.growthbook.io/api/features/sdk-abc123`.
 * @param place - a path, or an address that begins with `http://` or `https://`
 */
export function experimentSource(place: string): ExperimentSource {
  const isAddress = /^https?:\/\//.test(place);
  return { place, read: () => (isAddress ? fetched(place) : fromFile(place)) };
}

async function fromFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreachable(path, errorMessageOf(cause), cause);
  }
}

async function fetched(address: string): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address, { signal: AbortSignal.timeout(MOST_WAIT_MS), headers: { accept: 'application/json' } });
    if (response.ok) return await response.text();
  } catch (cause) {
    throw unreachable(address, errorMessageOf(cause), cause);
  }
  throw unreachable(address, `it answers with ${response.status}`);
}

function unreachable(place: string, why: string, cause?: unknown): SkillForgeError {
  return new SkillForgeError('SFS_EXPERIMENTS_UNREACHABLE', `the experiments at ${place} cannot be read: ${why}`, {
    retriable: true,
    context: { place },
    ...(cause === undefined ? {} : { cause }),
  });
}
