/** What the law may allow processing for: GDPR article 6(1), by letter a, b, c, e, f. */
export const LEGAL_BASES = ['consent', 'contract', 'legal-obligation', 'public-task', 'legitimate-interests'] as const;

/** One of {@link LEGAL_BASES}. */
export type LegalBasis = (typeof LEGAL_BASES)[number];

/** Why personal data are processed: an entry of the record of processing (GDPR article 30(1)). */
export interface Activity {
  readonly purpose: string;
  /** What the code is made for; the controller may have to state another one. */
  readonly legalBasis: LegalBasis;
  /** Whose data they are. */
  readonly persons: string;
  /** Who gets them. */
  readonly recipients: string;
}

const LEARNERS = 'learners';
const OPERATORS = 'people who run the installation';

/** The activities of this project. None sends anything to a third country: each region keeps its own. */
export const activities = {
  'course-recommendations': {
    purpose: 'Tell learners what to do next in their courses, by what the course and all of its learners do.',
    legalBasis: 'public-task',
    persons: LEARNERS,
    recipients: 'the learner; the client app that shows the lists',
  },
  'personal-recommendations': {
    purpose: 'Tell learners what to do next by what they have done themselves, what they master and which segment they are in (profiling).',
    legalBasis: 'consent',
    persons: 'learners who agree to profiling and do not object to it',
    recipients: 'the learner; the client app that shows the lists',
  },
  'course-statistics': {
    purpose: 'Count what cohorts and segments use.',
    legalBasis: 'public-task',
    persons: LEARNERS,
    recipients: 'nobody: only counts go into other activities',
  },
  'model-training': {
    purpose: 'Train, judge and watch the models that rank.',
    legalBasis: 'consent',
    persons: 'learners who agree to profiling and do not object to it',
    recipients: 'people who train models',
  },
  'decision-record': {
    purpose: 'Keep a record of decisions, so that they can be explained and checked (AI Act articles 12 and 19).',
    legalBasis: 'legal-obligation',
    persons: 'learners who agree to profiling and do not object to it',
    recipients: 'auditors; people who train models',
  },
  experiments: {
    purpose: 'Compare ways of recommending.',
    legalBasis: 'legitimate-interests',
    persons: LEARNERS,
    recipients: 'people who evaluate experiments',
  },
  oversight: {
    purpose: 'Let people stop or overrule the recommender, for all and for one learner, and keep who did so and why (AI Act article 14).',
    legalBasis: 'legal-obligation',
    persons: 'learners whose recommendations a person overruled; people who oversee the recommender',
    recipients: OPERATORS,
  },
  operation: {
    purpose: 'Run the installation: repair what failed, repeat a day, restore after a loss.',
    legalBasis: 'legitimate-interests',
    persons: LEARNERS,
    recipients: OPERATORS,
  },
  rights: {
    purpose: 'Do what learners ask for: consent, objection, restriction, pseudonyms.',
    legalBasis: 'legal-obligation',
    persons: LEARNERS,
    recipients: OPERATORS,
  },
} as const satisfies Readonly<Record<string, Activity>>;

/** Name of an activity of this project. */
export type ActivityName = keyof typeof activities;
