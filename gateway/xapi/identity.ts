import { isObject, textOf, type JsonObject } from '../eventShape.js';
import { LONGEST_IDENTITY } from '../plainEvents.js';
import { invalid, notAllowed } from '../refusal.js';

const IDENTIFIERS = ['mbox', 'mbox_sha1sum', 'openid', 'account'] as const;

/**
 * The identity of an agent as one text: the address with `mailto:`, `sha1:` and the sum, the OpenID, or home page and name of the account
 * with a space between. @throws SFS_EVENT_INVALID when it has none or several; SFS_FIELD_REFUSED for a group
 */
export function identityOf(actor: JsonObject, path: string): string {
  if (actor['objectType'] !== undefined && actor['objectType'] !== 'Agent') throw notAllowed(`${path}.objectType`);
  const given = IDENTIFIERS.filter((name) => actor[name] !== undefined);
  const [name] = given;
  if (name === undefined || given.length > 1) throw invalid(path, `needs exactly one of ${IDENTIFIERS.join(', ')}`);
  if (name === 'account') return accountOf(actor[name], `${path}.account`);
  const text = textOf(actor[name], `${path}.${name}`, LONGEST_IDENTITY);
  if (name === 'mbox' && !/^mailto:[^@\s]+@[^@\s]+$/.test(text)) throw invalid(`${path}.mbox`, 'must be an address with mailto:');
  return name === 'mbox' ? text.toLowerCase() : name === 'mbox_sha1sum' ? `sha1:${text.toLowerCase()}` : text;
}

function accountOf(account: unknown, path: string): string {
  if (!isObject(account)) throw invalid(path, 'must be an object');
  const homePage = textOf(account['homePage'], `${path}.homePage`, LONGEST_IDENTITY);
  if (homePage.includes(' ')) throw invalid(`${path}.homePage`, 'must be an IRI');
  return `${homePage} ${textOf(account['name'], `${path}.name`, LONGEST_IDENTITY)}`;
}
