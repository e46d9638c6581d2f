/** Versions and moves of a registry, as commands print them. */
import type { AliasChange, RegisteredVersion } from '../../runtime/models/registry/index.js';
import { tableText, timeText } from './output.js';

/** What the gates said of a version: `passed`, `failed`, or `-` where they were not asked. */
export const gateOf = ({ tags }: RegisteredVersion): string => tags['gate.status'] ?? '-';

/** Versions as a table. */
export function versionsText(versions: readonly RegisteredVersion[]): string {
  const rows = versions.map((version) => [
    version.number,
    version.bundleVersion,
    version.region,
    timeText(version.createdAtMs),
    timeOfTag(version, 'trained_until_ms'),
    gateOf(version),
    version.aliases.join(' ') || '-',
  ]);
  return tableText(['number', 'bundle', 'region', 'registered', 'trained until', 'gates', 'aliases'], rows);
}

/** Such as `production: 1 -> 2`. */
const moveText = ({ alias, number, previous }: AliasChange): string => `${alias}: ${previous ?? 'nothing'} -> ${number ?? 'nothing'}`;

/** As {@link moveText}, with when, who and why. */
export function changeText(change: AliasChange): string {
  return `${timeText(change.atMs)} ${moveText(change)}, by ${change.by}${change.reason === null ? '' : `: ${change.reason}`}`;
}

function timeOfTag({ tags }: RegisteredVersion, name: string): string {
  const value = Number(tags[name] ?? NaN);
  return timeText(Number.isFinite(value) ? value : null);
}

/** Characters of a digest that tables show. */
const DIGEST_SHOWN = 12;

/** A check of the gates, as their report keeps it. */
export interface GateCheck {
  readonly name: string;
  readonly status: string;
  readonly value?: unknown;
  readonly bound?: unknown;
  readonly reason?: string | null;
}

/** What the gates found of a version; none where they were not asked, or their report cannot be read. */
export function gateChecks({ tags }: RegisteredVersion): readonly GateCheck[] {
  try {
    const { checks } = JSON.parse(tags['gate.report'] ?? '') as { readonly checks?: unknown };
    return Array.isArray(checks) ? (checks as GateCheck[]) : [];
  } catch {
    return [];
  }
}

/** As a table; '' where there are none. */
export function checksText(checks: readonly GateCheck[]): string {
  const rows = checks.map(({ name, status, value, bound, reason }) => [name, status, told(value), told(bound), reason ?? '']);
  return rows.length === 0 ? '' : tableText(['gate', 'status', 'value', 'bound', 'reason'], rows);
}

/** Names of the checks that failed, with commas between. */
export const failedNames = (checks: readonly GateCheck[]): string =>
  checks
    .filter(({ status }) => status === 'failed')
    .map(({ name }) => name)
    .join(', ');

function told(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value !== 'string') return JSON.stringify(value);
  // A whole digest makes the table wider than a terminal; `--json` has it.
  return /^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, DIGEST_SHOWN)}…` : value;
}
