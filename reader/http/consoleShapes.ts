/**
 * The shapes of what the page is told, as JSON Schema. They write the answers, too: what stands in none of them is not sent, whatever a source gives.
 */
import { SCOPES } from '../../http/access/principal.js';
import { CONSOLE_SERVERS } from '../consoleAbsence.js';
import { CONSOLE_PARTS } from './consoleParts.js';
import { REFUSALS, UNCHANGED, id, object, problem } from './shapes.js';

const text = (description: string) => ({ type: 'string', description });
const textOrNull = (description: string) => ({ type: ['string', 'null'], description });
const count = (description: string) => ({ type: 'integer', description });
const countOrNull = (description: string) => ({ type: ['integer', 'null'], description });
const number = (description: string) => ({ type: 'number', description });
const numberOrNull = (description: string) => ({ type: ['number', 'null'], description });
const time = (description: string) => count(`${description} Ms since epoch.`);
const timeOrNull = (description: string) => countOrNull(`${description} Ms since epoch.`);
const flag = (description: string) => ({ type: 'boolean', description });
const texts = (description: string) => ({ type: 'array', items: { type: 'string' }, description });
const list = (items: object, description: string) => ({ type: 'array', items, description });
/** A value of a record whose fields the reference of topics names. */
const recordOrNull = (description: string) => ({ type: ['object', 'null'], additionalProperties: true, description });

/** An answer of these properties, with all that may come in its place. */
const answered = (description: string, shape: object) => ({ 200: { description, ...shape }, 304: UNCHANGED, ...REFUSALS });

/** What is there only where something else is not. */
const ABSENCE = {
  absent: text('Why there is nothing now; left out where all is told.'),
  away: {
    type: 'array',
    items: { type: 'string', enum: CONSOLE_SERVERS },
    description: 'Servers that are away, where that is why. Nothing is wrong with the request: ask again later.',
  },
};
const ABSENT = ['absent', 'away'] as const;

/** An object in whose place, or in the place of whose lists, stands why they cannot be told now. @param left - properties that are left out then */
const orAbsent = <P extends Record<string, object>>(properties: P, left: readonly (keyof P)[] = []) =>
  object<P & typeof ABSENCE>({ ...properties, ...ABSENCE }, [...ABSENT, ...left]);

const RATE = 'Per second of the machine, lately; null until there are two figures to compare.';
const WATERMARK = 'Event time up to which everything was seen; null before the first watermark, and at the end of all input.';

const TASKS = object({
  index: count('From 0.'),
  tasks: count('One for each partition.'),
  reads: texts('Logical names, internal ones included.'),
  recordsPerSecond: numberOrNull(RATE),
  lag: count('Offsets that wait.'),
  watermarkMs: timeOrNull(WATERMARK),
  slowest: countOrNull('Partition for whose task most waits; null where nothing does.'),
});

const TOPOLOGY = object({
  id: text('`name@version`'),
  name: text('Of the topology.'),
  version: count('Of the topology.'),
  description: text('Empty where it has none.'),
  tasks: count('Of all its parts.'),
  reads: texts('Logical names of topics.'),
  writes: texts('Logical names of topics.'),
  recordsPerSecond: numberOrNull(RATE),
  sentPerSecond: numberOrNull(RATE),
  lag: count('Offsets that wait.'),
  watermarkMs: timeOrNull(WATERMARK),
  ended: flag('All input is over and every window closed.'),
  late: count('Records that came behind their window.'),
  deadLetters: count('Records that could not be processed.'),
  parts: list(TASKS, 'Tasks that read the same topics.'),
});

const TOPIC = object({
  name: text('Logical name.'),
  partitions: count('Of the topic.'),
  written: flag('Whether a topology writes it.'),
  appendedPerSecond: numberOrNull(RATE),
  appended: count('Offsets given out so far.'),
  lag: countOrNull('Offsets that wait for those who read it; null where nobody does.'),
  watermarkMs: timeOrNull(WATERMARK),
});

/** The answer of the overview. */
export const OVERVIEW = answered(
  'Topologies and topics.',
  orAbsent({
    nowMs: time('The clock of the reader.'),
    topologies: list(TOPOLOGY, 'By name, then version.'),
    topics: list(TOPIC, 'By name.'),
  }),
);

/** The answer that says what the caller may see. */
export const ACCESS = answered(
  'What the page may show to the caller.',
  object({
    scopes: { type: 'array', items: { type: 'string', enum: SCOPES }, description: 'Of the credential; all where nobody is asked for one.' },
    parts: { type: 'array', items: { type: 'string', enum: CONSOLE_PARTS }, description: 'Parts that this reader has and the scopes allow.' },
  }),
);

/** The answer with learners to pick from. */
export const LEARNERS = answered('Learners to pick from.', object({ learners: texts('By the bytes of their ids.') }));

/** The answer with what is known of a learner. */
export const WINDOWS = answered(
  'What is known of the learner; null for what is not known.',
  orAbsent({
    learner: text('As asked.'),
    context: recordOrNull('Of the topic learner-contexts, with `asOfMs`.'),
    engagement: recordOrNull('Of the topic learner-features, with `asOfMs`.'),
    mastery: recordOrNull('Of the topic learner-mastery, with `asOfMs`.'),
  }),
);

/** The answer with the use by a cohort. */
export const TREND = answered(
  'What the cohort uses.',
  orAbsent({ cohort: text('As asked.'), trend: recordOrNull('Of the topic cohort-trends; null where nothing is known.') }),
);

const DECIDED = object({ item: text('Catalogue item.'), source: text('What proposed it.'), reasons: texts('In English.') });

const DECISION = object({
  madeAtMs: time('Event time.'),
  modelVersion: text('Of the model, or of the rule.'),
  topologyVersion: count('Of the topology that decided.'),
  variant: text('Empty outside experiments.'),
  courses: list(
    object({ course: text('Of the lists.'), next: list(DECIDED, 'The first ones.'), new: list(DECIDED, 'The first ones.') }),
    'Active courses.',
  ),
});

const WEIGHED = object({
  item: text('Catalogue item.'),
  source: text('What proposed it.'),
  nextPlace: countOrNull('In the list `next`, from 1.'),
  newPlace: countOrNull('In the list `new`, from 1.'),
  score: number('For `next`.'),
  propensity: number('Probability of this place in `next`; 0 where it has none.'),
  values: { type: 'array', items: { type: 'number' }, description: 'In the order of the features.' },
});

const LOGGED = object({
  decisionId: text('Of the decision.'),
  decidedAtMs: time('Event time.'),
  modelVersion: text('Of the model, or of the rule.'),
  course: text('Of the lists.'),
  explored: flag('Whether the last places were drawn.'),
  weighed: count('Candidates.'),
  features: list(
    object({ name: text('As declared.'), unit: text('As declared.'), description: text('As declared.') }),
    'In the order of the values.',
  ),
  candidates: list(WEIGHED, 'The best ones, best first.'),
});

/** The answer with what was decided for a learner. */
export const DECISIONS = answered(
  'What was decided for the learner, as far back as the log has it.',
  orAbsent({ learner: text('As asked.'), decisions: list(DECISION, 'Newest first.'), logged: list(LOGGED, 'Newest first.') }),
);

const REPLAY = object({
  topology: text('Name.'),
  replay: text('`name@number`'),
  live: text('What was live when it began.'),
  status: { type: 'string', enum: ['running', 'caught-up', 'promoted', 'dropping'] },
  range: { type: ['array', 'null'], items: { type: 'integer' }, description: 'Event time whose results are made anew, ms: from, to; null for all.' },
  records: count('Offsets that its sources hold.'),
  taken: count('Those that it has taken.'),
  behind: count('Records that the live version has taken and it has not.'),
  recordsPerSecond: numberOrNull(RATE),
  remainingSeconds: numberOrNull('Until the end of the log, at that rate.'),
  results: list(object({ live: text('Logical name.'), shadow: text('Logical name.') }), 'Topics that hold its results.'),
});

/** The answer with all replays. */
export const REPLAYS = answered('Replays of this region.', orAbsent({ replays: list(REPLAY, 'By topology.') }));

const EXAMPLE = object({
  kind: { type: 'string', enum: ['added', 'removed', 'changed'] },
  key: text('May be a learner.'),
  eventTimeMs: timeOrNull('Event time of the result, where a key has one for each.'),
  fields: texts('Top-level fields that differ.'),
});

/** The answer with how a replay differs. */
export const DIFFERENCE = {
  ...answered(
    'How the results differ from the live ones.',
    orAbsent(
      {
        replay: text('`name@number`'),
        live: text('`name@number`'),
        comparedAtMs: time('Clock of the machine.'),
        ignored: texts('Top-level fields that may differ.'),
        share: number('Keys that differ, 0 to 1.'),
        topics: list(
          object({
            topic: text('Logical name.'),
            same: count('Keys.'),
            added: count('Keys that only the replay has.'),
            removed: count('Keys that only the live version has.'),
            changed: count('Keys.'),
            examples: list(EXAMPLE, 'Some of them, with the scope `console:learners`; none without.'),
          }),
          'Result topics.',
        ),
      },
      ['replay', 'live', 'comparedAtMs', 'ignored', 'share', 'topics'],
    ),
  ),
  404: problem('The topology has no replay.'),
};

const CHECK = object({
  name: text('Of the gate.'),
  status: text('`passed`, `failed` or `skipped`'),
  value: textOrNull('What was measured.'),
  bound: textOrNull('What it was held to.'),
  reason: textOrNull('For people.'),
});

const MODEL = object({
  number: text('Of the version.'),
  bundleVersion: text('What lists name as their model.'),
  region: text('That it was trained for.'),
  createdAtMs: time('When it was registered.'),
  trainedUntilMs: timeOrNull('Event time up to which it was trained.'),
  aliases: texts('Such as `production`.'),
  gates: {
    ...object({
      status: text('`passed` or `failed`'),
      atMs: timeOrNull('When they were asked.'),
      champion: textOrNull('Number of the version that it was compared with.'),
      checks: list(CHECK, 'One for each gate.'),
    }),
    type: ['object', 'null'],
    description: 'Null where they were not asked.',
  },
});

/** The answer with the models of a registry. */
export const MODELS = answered(
  'What the registry of models keeps.',
  object({
    ranking: textOrNull('What ranks where the registry does not say it.'),
    trouble: textOrNull('Code of what keeps the registry from answering; the rest is what it said last.'),
    versions: list(MODEL, 'Newest first, the last ones.'),
    moves: list(
      object({
        alias: text('Such as `production`.'),
        from: textOrNull('Number of a version.'),
        to: textOrNull('Number of a version.'),
        atMs: time('When.'),
        by: text('Who.'),
        reason: textOrNull('Why.'),
      }),
      'Newest first, the last ones.',
    ),
  }),
);

const LETTER = object({
  id: text('Source topic, partition and offset, topology and stage.'),
  code: text('Of the error.'),
  topology: textOrNull('`name@version`'),
  stage: textOrNull('Operator that failed.'),
  sourceTopic: text('Physical name.'),
  eventTimeMs: timeOrNull('Event time.'),
  writtenAtMs: time('When it was written.'),
  sentBackAtMs: timeOrNull('When its record was sent back.'),
  key: textOrNull('With the scope `console:learners`.'),
  reason: textOrNull('With the scope `console:learners`: it may name a learner.'),
});

/** The answer with dead letters. */
export const DEAD_LETTERS = answered(
  'What could not be processed; never its bytes.',
  orAbsent({
    total: count('Letters that the log has.'),
    sentBack: count('Records that were sent back.'),
    byCode: list(object({ code: text('Of the error.'), count: count('Letters.') }), 'Most first.'),
    letters: list(LETTER, 'Newest first, the last ones.'),
  }),
);

/** Path of a learner. */
export const LEARNER_PATH = object({ learner: id('Pseudonym of the learner.') });
/** Path of a cohort. */
export const COHORT_PATH = object({ cohort: id('Cohort.') });
/** Path of a topology. */
export const TOPOLOGY_PATH = object({ topology: id('Name of the topology.') });

/** What may be asked of the learners to pick from. */
export const LEARNERS_QUERY = object(
  {
    prefix: {
      type: 'string',
      maxLength: 256,
      pattern: id('').pattern,
      default: '',
      description: 'The beginning of the id.',
    },
    limit: { type: 'integer', minimum: 1, maximum: 200, default: 50, description: 'Most learners in the answer.' },
  },
  ['prefix', 'limit'],
);
