/** Why an item is recommended: the codes that records hold, with the text that people read. */
export const REASONS = {
  TRENDING_IN_COHORT: 'Learners of your cohort use it a lot just now',
  CONTINUE: 'You used it lately',
  DUE_SOON: 'It is due soon',
  NEXT_IN_COURSE: 'It comes next in the course',
  WEAK_SKILL: 'It exercises a skill that you can improve',
  NEW_ITEM: 'It is new in the course',
  POPULAR_IN_SEGMENT: 'Learners like you use it a lot',
  POPULAR: 'Learners of the course use it a lot',
  RISING_IN_COHORT: 'More and more learners of your cohort use it',
  USED_OFTEN: 'You come back to it often',
  KIND_YOU_USE: 'You often use items of this kind',
  LIKE_YOUR_RECENT: 'It is about what you worked on lately',
  GOES_WITH_RECENT: 'It goes with what you used lately',
  LEARNERS_LIKE_YOU: 'Learners who do what you do use it',
  PLANNED_NOW: 'The course has it planned for about now',
  READY_FOR_IT: 'You have done what it builds on',
  RIGHT_LEVEL: 'It is about as hard as you can do now',
} as const;

/** Reasons that people give, and no ranker. */
export const PERSON_REASONS = { CHOSEN_BY_PERSON: 'A person chose it for you' } as const;

/** A code that this version knows; records of a newer one may hold others. */
export type ReasonCode = keyof typeof REASONS;

/** The text of a code in English; of a code that this version does not know, the code itself. */
export const reasonText = (code: string): string => (Object.hasOwn(TEXTS, code) ? TEXTS[code as keyof typeof TEXTS] : code);

const TEXTS = { ...REASONS, ...PERSON_REASONS };

/** What decides about recommendations, in words for those whom they are for, with the reasons that tell of it for a single item. */
export const PARAMETERS: readonly { readonly text: string; readonly reasons: readonly ReasonCode[] }[] = [
  {
    text: 'what you did lately: which items you used, how often, and what goes with them or is like them',
    reasons: ['CONTINUE', 'USED_OFTEN', 'KIND_YOU_USE', 'LIKE_YOUR_RECENT', 'GOES_WITH_RECENT'],
  },
  {
    text: 'what learners of your cohort use, and learners who do what you do',
    reasons: ['TRENDING_IN_COHORT', 'RISING_IN_COHORT', 'LEARNERS_LIKE_YOU', 'POPULAR_IN_SEGMENT', 'POPULAR'],
  },
  {
    text: 'where you are in the course: what comes next, what is planned or due, what is new, and what you are ready for',
    reasons: ['NEXT_IN_COURSE', 'PLANNED_NOW', 'DUE_SOON', 'NEW_ITEM', 'READY_FOR_IT'],
  },
  { text: 'what your answers to quizzes say of your skills', reasons: ['WEAK_SKILL', 'RIGHT_LEVEL'] },
  { text: 'what a person chose for you', reasons: [] },
];
