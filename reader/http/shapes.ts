/** The shapes of requests and answers as JSON Schema: they check requests, write answers, and make the OpenAPI description. */
import { DEFAULT_LIMIT, MAX_LIMIT, type AnswerSource } from '../answer.js';

/** An object of exactly these properties. @param optional - those that may be left out */
export const object = <P extends Record<string, object>>(properties: P, optional: readonly (keyof P)[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

const text = (description: string) => ({ type: 'string', description });
const textOrNull = (description: string) => ({ type: ['string', 'null'], description });
const timeOrNull = (description: string) => ({ ...textOrNull(`${description} ISO 8601, UTC, event time.`), format: 'date-time' });

/** A text that is an id. No control characters: ids end up in logs and on terminals of others. */
export const id = (description: string) => ({
  type: 'string',
  minLength: 1,
  maxLength: 256,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$',
  description,
});

const LIMIT = { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: 'Most items in the answer.' };
const EXCLUDE = { ...id('Items to leave out, with commas between.'), maxLength: 4096 };

const LIST = {
  type: 'string',
  enum: ['next', 'new'],
  default: 'next',
  description: 'Whatever is best to do next, or only what was not opened before.',
};
const COURSE = id('Only this course; by default every course of the learner, the best of each in turn.');
const SEGMENT = id('Segment of a learner of whom nothing is known.');
const EXPLAIN = { type: 'boolean', default: false, description: 'Whether to give the reasons of each item.' };
const PROFILING = {
  type: 'boolean',
  default: true,
  description: 'With false: only what is popular in the course, or in all; neither the record of the learner nor a segment is looked at.',
};

/** Most learners of a batch. */
export const MAX_BATCH = 100;

/** Path of a learner's recommendations. */
export const LEARNER_PARAMS = object({ learner: id('Pseudonym of the learner.') });

/** What may be asked of a learner's recommendations; nothing else is accepted. */
export const LEARNER_QUERY = object(
  {
    list: LIST,
    course: COURSE,
    segment: SEGMENT,
    limit: LIMIT,
    exclude: EXCLUDE,
    explain: EXPLAIN,
    profiling: PROFILING,
  },
  ['list', 'course', 'segment', 'limit', 'exclude', 'explain', 'profiling'],
);

/** The same question for several learners. */
export const BATCH_BODY = object(
  {
    learners: {
      type: 'array',
      items: id('Pseudonym of a learner.'),
      minItems: 1,
      maxItems: MAX_BATCH,
      description: 'Whom to answer for; answers come in this order.',
    },
    list: LIST,
    course: COURSE,
    segment: SEGMENT,
    limit: LIMIT,
    exclude: { type: 'array', items: id('Item.'), maxItems: 200, description: 'Items to leave out.' },
    explain: EXPLAIN,
    profiling: PROFILING,
  },
  ['list', 'course', 'segment', 'limit', 'exclude', 'explain', 'profiling'],
);

/** Path of a segment's list. */
export const SEGMENT_PARAMS = object({ segment: id('`course|segment`, encoded; a course alone means the whole of it.') });

/** What may be asked of a segment's list. */
export const SEGMENT_QUERY = object({ limit: LIMIT, exclude: EXCLUDE }, ['limit', 'exclude']);

/** For routes that take no query. */
export const NO_QUERY = object({});

/** Complete by its type. */
const SOURCES: Readonly<Record<AnswerSource, true>> = {
  TRENDING: true,
  CURRICULUM: true,
  ALS: true,
  NEIGHBOURS: true,
  COVISITED: true,
  REVIEW: true,
  SEGMENT: true,
  NEW: true,
  POPULAR: true,
  PINNED: true,
};

const ITEM = object(
  {
    item: text('Catalogue item.'),
    course: text('Course of the item.'),
    score: { type: 'number', description: 'Rank score within its list; comparable within one course only.' },
    source: { type: 'string', enum: Object.keys(SOURCES), description: 'What proposed the item; PINNED: a person chose it for the learner.' },
    title: text('Title for people, where the catalogue knows the item.'),
    kind: text('Kind of activity, where the catalogue knows the item.'),
    reasons: {
      type: 'array',
      items: object({ code: text('Stable code.'), text: text('The same in English.') }),
      description: 'With explain=true: why the item is there.',
    },
  },
  ['title', 'kind', 'reasons'],
);

const served = (values: readonly string[], description: string) => ({ type: 'string', enum: values, description });

const NOTICE = {
  description: 'What people have to know of this list; to be shown with it.',
  ...object({
    aiAssisted: { type: 'boolean', description: 'Whether an AI system ranked the list; a list of what is popular is a count.' },
    mainParameters: { type: 'array', items: { type: 'string' }, description: 'What mostly decides about the list, in words.' },
    withoutProfiling: text('How to have a list without profiling.'),
  }),
};

const LISTED = {
  madeAt: timeOrNull('When the list was made; of several lists the oldest.'),
  validUntil: timeOrNull('From when on the list is stale; of several lists the first.'),
  model: textOrNull('Version of the model, or of the rule, that ranked.'),
  topologyVersion: { type: ['integer', 'null'], description: 'Version of the topology that made the list.' },
  region: text('Region whose data this is.'),
  notice: NOTICE,
  items: { type: 'array', items: ITEM, description: 'Best first.' },
};

const LEARNER_LISTED = object(
  {
    learner: text('As asked.'),
    list: { type: 'string', enum: ['next', 'new'] },
    served: served(
      ['personal', 'stale', 'segment', 'popular', 'paused', 'override'],
      "The learner's own list; the same past its time; the list of the segment; what is popular; what is popular because people paused the recommender; the same because a person decided so for the learner.",
    ),
    variant: text('Experiment variant; empty outside experiments.'),
    pausedCourses: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Courses that people paused: their part of the list is what is popular in them. Absent where there is none, and where all of the list is.',
    },
    ...LISTED,
  },
  ['pausedCourses'],
);

/** The answer for a learner. */
export const LEARNER_ANSWER = { description: 'What to recommend, and where it comes from.', ...LEARNER_LISTED };

/** The answer for several learners. */
export const BATCH_ANSWER = {
  description: 'What to recommend to each.',
  ...object({ region: text('Region whose data this is.'), answers: { type: 'array', items: LEARNER_LISTED, description: 'In the order asked.' } }),
};

/** The answer for a segment. */
export const SEGMENT_ANSWER = {
  description: 'What the segment uses most.',
  ...object({
    course: text('As asked.'),
    segment: text('As asked; `all` for the whole course.'),
    served: served(
      ['segment', 'popular', 'paused'],
      'The list of the segment; what is popular in the course, where the segment has none; the same because people paused the course.',
    ),
    ...LISTED,
  }),
};

/** The answer of the health check. */
export const HEALTH_ANSWER = { description: 'The process answers.', ...object({ status: { type: 'string', enum: ['ok'] } }) };

const OUTBOX = {
  description: 'Where the reader takes events of clients: those that are not in the log yet.',
  ...object({
    events: { type: 'integer', description: 'How many wait.' },
    bytes: { type: 'integer', description: 'Their size.' },
    oldestAt: { ...textOrNull('When the oldest was accepted, ISO 8601, UTC; null where none waits.'), format: 'date-time' },
    trouble: textOrNull('Code of what keeps them from the log; null while it takes them.'),
  }),
};

/** The answer of the readiness check. */
export const READY_ANSWER = {
  description: 'The view was at the end of the log once.',
  ...object(
    {
      status: { type: 'string', enum: ['ready'] },
      served: text('Topic that is served.'),
      lag: { type: ['integer', 'null'], description: 'Records in the log that are not in the view; null while the log cannot be read.' },
      trouble: textOrNull('Code of what keeps the reader from following the log; what it has is served meanwhile.'),
      outbox: OUTBOX,
    },
    ['outbox'],
  ),
};

const PROBLEM = object({
  type: text('`about:blank`'),
  title: text('The status in words.'),
  status: { type: 'integer' },
  detail: text('A sentence for people.'),
  code: { ...text('Stable code.'), pattern: '^SFS_[A-Z_]+$' },
  instance: text('Identity of the request, which the log of the reader has too.'),
});

/** An answer with a problem document (RFC 9457), for the OpenAPI description. */
export const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: PROBLEM } } });

/** The client has the answer already. */
export const UNCHANGED = { description: 'What the client has, by the tag that it shows, still holds.', type: 'null' };

/** How requests for data are refused. */
export const REFUSALS = {
  400: problem('The request is not valid.'),
  401: problem('No credential is shown, or it does not hold.'),
  403: problem('The credential does not allow this.'),
  421: problem('Another reader holds the lists of a learner: `detail` names the shard.'),
  429: problem('Too many requests.'),
  503: problem('What this needs is away for now, or the reader is stopping.'),
};
