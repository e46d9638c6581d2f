/** What the policy makes of the scores of a ranker. Scores have no unit: where they are weighed, it is in spreads, the standard deviation of those of a decision. */
export interface Policy {
  /** After how many days of use, summed over items, a learner's own ranking weighs as much as the list that many share; 0 for the ranker alone. */
  readonly evenAfter: number;
  /** What likeness to a better item of the list costs at most, in spreads; 0 for none. */
  readonly diversity: number;
  /** What the youth of an item adds to its score, in spreads, on the day that the catalogue tells of it; half of it after `NEW_HALF_LIFE_DAYS`. */
  readonly newItemBoost: number;
  /** Probability with which a decision draws the last places of its lists, in [0, 1). */
  readonly explorationShare: number;
  /** What holds for kinds of items. Of others there is nothing to say. */
  readonly kinds: Readonly<Record<string, KindRule>>;
}

/** What holds for the items of a kind. */
export interface KindRule {
  /** `always`: learners come back to it. `until completed`: it is done once, and then not for `next` any more. */
  readonly repeats: 'always' | 'until completed';
  /** So many at most in a list, while there is anything else. */
  readonly most?: number;
}

/** The boost of a new item is half after so many days. */
export const NEW_HALF_LIFE_DAYS = 3;

const MEETING_PLACE: KindRule = { repeats: 'always' };
/** A list that is all tests is no plan for a week. A quiz comes again until its skills are mastered: candidates are without those. */
const TEST: KindRule = { repeats: 'always', most: 8 };
const HANDED_IN: KindRule = { repeats: 'until completed' };
const ASKED_ONCE: KindRule = { repeats: 'until completed', most: 3 };

/** Which kinds come again in `next`, and how many a list takes: kinds that are not named come again, without a limit. */
export const KINDS: Policy['kinds'] = {
  homepage: MEETING_PLACE,
  forum: MEETING_PLACE,
  forumng: MEETING_PLACE,
  wiki: MEETING_PLACE,
  ouwiki: MEETING_PLACE,
  glossary: MEETING_PLACE,
  quiz: TEST,
  externalquiz: TEST,
  assignment: HANDED_IN,
  questionnaire: ASKED_ONCE,
  survey: ASKED_ONCE,
};

/**
 * About two days of study. Chosen with the formula on BBB-2013B and AAA-2013J up to day 40, by NDCG@10 of `next` for learners in their first week:
 * 0.753 and 0.779 with 5, 0.763 and 0.779 with 10, 0.768 and 0.778 with 20. Not chosen anew for learned rankers.
 */
const EVEN_AFTER = 10;

/** Mild: the best scores stay where they are, likes move apart, and nothing is drawn. */
export const DEFAULT_POLICY: Policy = { evenAfter: EVEN_AFTER, diversity: 0.1, newItemBoost: 0.25, explorationShare: 0, kinds: KINDS };

/** The order of the scores alone. */
export const NO_POLICY: Policy = { evenAfter: 0, diversity: 0, newItemBoost: 0, explorationShare: 0, kinds: {} };
