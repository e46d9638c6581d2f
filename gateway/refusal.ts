/** What is refused at the door, with what its sender needs to know; the content of an event is never told. */
import { SkillForgeError, type ErrorCode } from '../schemas/index.js';

/** What a refusal is about. */
export interface RefusalPlace {
  /** The field, with dots between the names of nested ones. */
  readonly field?: string;
  /** Place of the event in its request, from 0. */
  readonly index?: number;
  /** Region that the event belongs to. */
  readonly region?: string;
}

/** A refusal: `context` holds the {@link RefusalPlace} and the HTTP status. */
export function refusal(status: number, code: ErrorCode, message: string, place: RefusalPlace = {}): SkillForgeError {
  return new SkillForgeError(code, message, { retriable: status === 429 || status === 503, context: { status, ...place } });
}

/** A value that does not fit its field. */
export const invalid = (field: string, what: string): SkillForgeError =>
  refusal(400, 'SFS_EVENT_INVALID', `the field "${printable(field)}" ${what}`, { field: printable(field) });

/** A field that is not on the allow-list. */
export const notAllowed = (field: string): SkillForgeError =>
  refusal(400, 'SFS_FIELD_REFUSED', `the field "${printable(field)}" is not taken here`, { field: printable(field) });

/** The same refusal, of the event at `index` of its request. */
export function atIndex(error: unknown, index: number): unknown {
  if (!(error instanceof SkillForgeError)) return error;
  const { code, message, retriable, context } = error;
  return new SkillForgeError(code, `event ${index}: ${message}`, { retriable, context: { ...context, index } });
}

const LONGEST_NAME = 120;

/** A name that comes from a client, fit for logs and terminals. */
export const printable = (name: string): string => name.replaceAll(/[^\x21-\x7e]/g, '?').slice(0, LONGEST_NAME);
