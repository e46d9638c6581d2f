/** What a learner asks for by right, as it is asked over HTTP. */
import type { RightsKind } from '../schemas/index.js';
import { placeOf, type IdSource, type RegionRules } from './admission.js';
import { isObject, textOf } from './eventShape.js';
import type { NewEvent } from './newEvent.js';
import { LONGEST_IDENTITY } from './plainEvents.js';
import { invalid, notAllowed } from './refusal.js';

/** What may be asked for, as requests spell it. */
export const RIGHTS: Readonly<Record<string, RightsKind>> = {
  erase: 'ERASE',
  export: 'EXPORT',
  restrict: 'RESTRICT',
  object: 'OBJECT',
  consent: 'CONSENT',
};

/** Those that can be taken back. */
const TAKEN_BACK: readonly RightsKind[] = ['RESTRICT', 'OBJECT', 'CONSENT'];
const FIELDS = ['kind', 'withdraw', 'occurredAtMs'];

/** Checks a request. @param learner - as the sender calls them @throws SFS_FIELD_REFUSED, SFS_EVENT_INVALID, SFS_REGION_OTHER */
export function rightsRequest(learner: string, body: unknown, rules: RegionRules, ids: IdSource): NewEvent {
  const identity = textOf(learner, 'learner', LONGEST_IDENTITY);
  if (!isObject(body)) throw invalid('body', 'must be an object');
  for (const name in body) if (!FIELDS.includes(name)) throw notAllowed(name);
  const place = placeOf(rules, identity, undefined);
  const { withdraw = false, occurredAtMs = null } = body;
  const kind = kindOf(body['kind']);
  if (typeof withdraw !== 'boolean') throw invalid('withdraw', 'must be true or false');
  if (withdraw && !TAKEN_BACK.includes(kind)) throw invalid('withdraw', 'is of consent, object and restrict alone');
  if (!isTime(occurredAtMs)) throw invalid('occurredAtMs', 'must be a whole number from 0 on');
  const value = { eventId: ids.next(), occurredAtMs, region: rules.region, personal: { kind, withdraw } };
  return { topic: 'rights-requests', identity, ...place, value };
}

function kindOf(given: unknown): RightsKind {
  const kind = typeof given === 'string' && Object.hasOwn(RIGHTS, given) ? RIGHTS[given] : undefined;
  if (kind === undefined) throw invalid('kind', `must be one of ${Object.keys(RIGHTS).join(', ')}`);
  return kind;
}

const isTime = (value: unknown): value is number | null => value === null || (Number.isSafeInteger(value) && (value as number) >= 0);
