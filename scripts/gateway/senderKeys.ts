import type { Doorkeeper } from '../../gateway/index.js';
import { KeyFile, readKeys } from '../../reader/access/keyFile.js';
import { errorMessageOf } from '../../schemas/index.js';

/**
 * Admits API keys of a file with the scope `events:write`. A key of one learner is none of a sender: it stands in a page, and the gateway would
 * take what it says of anybody. @throws SFS_ACCESS_INVALID
 */
export function senderKeys(path: string): Doorkeeper {
  const say = (text: string): void => void process.stderr.write(`WARNING: ${text}\n`);
  const keys = new KeyFile(path, { onTrouble: (error) => say(`${errorMessageOf(error)}; nobody is admitted until it can`) });
  if (readKeys(path).length === 0) say(`${path} holds no keys: nobody is admitted`);
  return async (credential) => {
    const principal = await keys.authenticate(credential);
    if (principal === null) return 'unknown';
    return principal.scopes.has('events:write') && principal.learner === null ? 'admitted' : 'forbidden';
  };
}
