/** What belongs here at all: the region of an event, and identities that the sender did not give. */
import { hash, randomUUID } from 'node:crypto';
import { assertRegion, type SkillForgeError } from '../schemas/index.js';
import type { HomeRegister } from './homeRegister.js';
import type { NewEvent } from './newEvent.js';
import { invalid, printable, refusal } from './refusal.js';

/** Whose events a gateway takes. */
export interface RegionRules {
  /** The region of this gateway: its topics are the only ones that it writes. */
  readonly region: string;
  /** Beginnings of identities whose learners belong to another region, such as `https://lms.us.example/` to `us-east`. */
  readonly elsewhere?: ReadonlyMap<string, string>;
  /** Where learners are at home, for the gateways of all regions; what it says goes before all else (none). */
  readonly homes?: HomeRegister;
}

/** Checks the names of regions. @throws SFS_REGION_INVALID */
export function assertRegions({ region, elsewhere = new Map<string, string>() }: RegionRules): void {
  [region, ...elsewhere.values()].forEach(assertRegion);
}

/**
 * Refuses an event of another region by what it says of its region, and by the beginning of the identity. Where there is a register of homes that decides, whatever a sender knows of it: then this is
 * only noted, for those who are not in it. Nothing is forwarded. @throws SFS_REGION_OTHER with the region in its context
 */
export function placeOf({ region, elsewhere, homes }: RegionRules, identity: string, said: string | undefined): Pick<NewEvent, 'elsewhere'> {
  const other = said !== undefined && said !== region ? said : regionElsewhere(elsewhere, identity);
  if (other === undefined || other === region) return {};
  if (homes === undefined) throw elsewhereError(other, region);
  return { elsewhere: other };
}

/** An event of a learner who is at home in `other`. */
export function elsewhereError(other: string, region: string): SkillForgeError {
  return refusal(421, 'SFS_REGION_OTHER', `the event belongs to region ${printable(other)}, and this gateway is that of ${region}`, {
    field: 'region',
    region: printable(other),
  });
}

function regionElsewhere(elsewhere: RegionRules['elsewhere'], identity: string): string | undefined {
  for (const [beginning, region] of elsewhere ?? []) if (identity.startsWith(beginning)) return region;
  return undefined;
}

/** Where events without an identity of their own have one from: the key of their request, so that the same request gives the same ones. */
export interface IdSource {
  next(): string;
}

/** UUIDs: random ones, or made of an `Idempotency-Key` (in the form of RFC 9562, version 8) and the place in the request. */
export function idSource(idempotencyKey: string | undefined): IdSource {
  let place = 0;
  return { next: () => (idempotencyKey === undefined ? randomUUID() : uuidOf(hash('sha256', `${idempotencyKey}\0${place++}`, 'hex'))) };
}

function uuidOf(hex: string): string {
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Groups are the first part of compound keys. @throws SFS_EVENT_INVALID */
export function assertCohort(cohort: string, field: string): void {
  if (cohort.includes('|')) throw invalid(field, 'holds "|"');
}
