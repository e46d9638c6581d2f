/** A skill with less mastery is weak. */
export const WEAK = 0.6;

/** Weakness by mastery, above 0 and at most 1; 0 where the skill is not weak. */
export const weaknessAt = (mastery: number): number => (mastery < WEAK ? 1 - mastery : 0);

/** Weakness in the weakest of some skills; one of which nothing is known is not weak. */
export function weaknessIn(skills: readonly string[], mastery: ReadonlyMap<string, number>): number {
  let least = 1;
  for (const skill of skills) least = Math.min(least, mastery.get(skill) ?? 1);
  return weaknessAt(least);
}
