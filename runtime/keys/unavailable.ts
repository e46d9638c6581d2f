import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';

/** A Redis that is away keeps the keys: that is one thing with a key service that is. */
export function keysUnavailable(error: unknown): unknown {
  if (!(error instanceof SkillForgeError) || error.code !== 'SFS_STATE_UNAVAILABLE') return error;
  return new SkillForgeError('SFS_KEYS_UNAVAILABLE', `data keys cannot be fetched: ${errorMessageOf(error)}`, { cause: error, retriable: true });
}
