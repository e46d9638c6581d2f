/** Times as xAPI writes them. */
import { invalid } from '../refusal.js';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?$/;
const DURATION = /^P(?:(\d+(?:\.\d+)?)W|(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?)$/;
const UNITS_MS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1_000];

/** Milliseconds since epoch of an ISO 8601 instant; one without an offset is in UTC. @throws SFS_EVENT_INVALID */
export function instantOf(value: unknown, path: string): number {
  const match = typeof value === 'string' ? INSTANT.exec(value) : null;
  // An offset in its short forms, +01 and +0100, is none for the parser.
  const text = match === null ? '' : match[0].replace(',', '.').replace(/([+-]\d{2}):?(\d{2})?$/, offset(match[3]));
  const timeMs = Date.parse(match?.[3] === undefined ? `${text}Z` : text);
  if (Number.isNaN(timeMs) || timeMs < 0) throw invalid(path, 'must be an ISO 8601 time since 1970');
  return timeMs;
}

const offset =
  (found: string | undefined) =>
  (whole: string, hours: string, minutes = '00'): string =>
    found === undefined || found === 'Z' ? whole : `${hours}:${minutes}`;

/** Milliseconds of an ISO 8601 duration, without years and months, which have no length. @throws SFS_EVENT_INVALID */
export function durationOf(value: unknown, path: string): number {
  const match = typeof value === 'string' ? DURATION.exec(value) : null;
  const parts = match?.slice(1) ?? [];
  if (parts.every((part) => part === undefined)) throw invalid(path, 'must be an ISO 8601 duration, such as PT4M30S');
  const durationMs = Math.round(parts.reduce((sum, part, at) => sum + Number(part ?? 0) * UNITS_MS[at]!, 0));
  if (durationMs >= Number.MAX_SAFE_INTEGER) throw invalid(path, 'is too long');
  return durationMs;
}
