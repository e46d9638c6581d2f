import type { Snapshot } from './snapshot.js';

/** The first place where two snapshots differ, in words; `null` when they are equal. */
export function differenceOf(first: Snapshot, second: Snapshot, names: readonly [string, string]): string | null {
  for (const place of new Set([...first.keys(), ...second.keys()])) {
    const [a, b] = [first.get(place) ?? [], second.get(place) ?? []];
    const at = firstDifference(a, b);
    if (at !== null) return `${place}: ${describeDifference(a, b, at, names)}`;
  }
  return null;
}

function firstDifference(a: readonly string[], b: readonly string[]): number | null {
  const length = Math.max(a.length, b.length);
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return index;
  return null;
}

function describeDifference(a: readonly string[], b: readonly string[], at: number, [first, second]: readonly [string, string]): string {
  const counts = a.length === b.length ? '' : ` (${a.length} against ${b.length})`;
  return [`no. ${at + 1} differs${counts}`, `  ${first}: ${a[at] ?? 'none'}`, `  ${second}: ${b[at] ?? 'none'}`].join('\n');
}
