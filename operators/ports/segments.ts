/** What a learner did in the week that begins with their first hour of activity, whatever the course. */
export interface EarlyBehaviour {
  /** Distinct days (UTC). */
  readonly activeDays: number;
  readonly events: number;
  /** Distinct items. */
  readonly items: number;
  /** Events on items of a kind, by what the catalogue calls it; those of unknown items are in none. */
  readonly eventsOfKind: ReadonlyMap<string, number>;
  /** Events from 0 h, 6 h, 12 h and 18 h (UTC) on. */
  readonly eventsOfQuarter: readonly number[];
}

/** Groups of learners, by what their profiles say and what they did at first; from training. */
export interface Segments {
  /**
   * The segment of a learner. Pure. Equal names mean the same segment, of whatever model.
   * @param attributes - of the profile, by name
   * @param early - `null` before the first activity: attributes alone decide
   */
  of(attributes: Readonly<Record<string, string>>, early: EarlyBehaviour | null): string;
}
