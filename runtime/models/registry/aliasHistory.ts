/** What follows from the moves of aliases. */
import type { Alias, AliasChange, MoveReason } from './modelRegistry.js';

/** A move as it is kept. */
export interface AliasMove extends MoveReason {
  /** Its own, among all moves. */
  readonly id: string;
  readonly alias: Alias;
  readonly number: string | null;
}

/** The changes that moves of an alias made, in the same order. */
export function changesOf(moves: readonly AliasMove[], of: Alias): (AliasChange & { readonly id: string })[] {
  let previous: string | null = null;
  return moves.flatMap(({ id, alias, number, by, reason, atMs }) => {
    if (alias !== of) return [];
    const change = { id, alias, number, previous, atMs, by, reason };
    previous = number;
    return [change];
  });
}

/**
 * The version to which a roll-back leads: the one that an alias pointed to before its present one first came. Going back once more leads further
 * back, never to what was left: changes are a pile on which a version lies once, and what lies above it is gone when it comes again.
 *
 * @param history - newest first
 * @returns `null` where there is none
 */
export function versionBefore(history: readonly Pick<AliasChange, 'number'>[]): string | null {
  const pile: string[] = [];
  for (const { number } of [...history].reverse()) {
    if (number === null) continue;
    const at = pile.indexOf(number);
    if (at < 0) pile.push(number);
    else pile.length = at + 1;
  }
  return pile.at(-2) ?? null;
}
