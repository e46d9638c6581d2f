import type { PersonalClass } from '../avro-schema.js';
import type { ActivityName } from './activities.js';

/** A place that keeps personal data, or might be thought to, beside the topics. */
export interface Store {
  readonly description: string;
  /** Classes of the personal data in it. */
  readonly holds: readonly PersonalClass[];
  readonly activities: readonly ActivityName[];
  /** How long they stay. */
  readonly kept: string;
  /** Names of what it has in the folder of an installation (`--data`); `*` stands for any text. Empty where it lies elsewhere. */
  readonly inFolder: readonly string[];
}

const ALL: readonly PersonalClass[] = ['pseudonym', 'behavioural', 'profile', 'sensitive'];
const UNTIL_DELETED = 'until whoever made it deletes it';

/** The stores of this project, by name. */
export const stores = {
  'embedded-folder': {
    description: 'Log and state of an installation on one machine: all topics, and the state of all topologies.',
    holds: ALL,
    activities: ['course-recommendations', 'personal-recommendations', 'course-statistics', 'operation'],
    kept: 'topics as they declare; state as long as its topology version runs',
    inFolder: ['data.mdb', 'data.mdb-lock', 'lock.mdb', 'gate.mdb*', 'writer-*.sock', 'writer.lock', 'room-*.probe', '.new-*', 'oversight'],
  },
  'data-keys': {
    description:
      'Data keys of learners and of days, wrapped, with a salted digest in place of the owner; of deleted keys a random id (`skillforge privacy keys`).',
    holds: ['none'],
    activities: ['rights'],
    kept: 'until the learner is erased (`skillforge privacy erase`); the key of a day until 32 days later, at the next rotation',
    inFolder: ['keys'],
  },
  'kafka-log': {
    description:
      'All topics of a region on servers, in Kafka; what is personal in them is under a key of the learner where the region has data keys.',
    holds: ALL,
    activities: ['course-recommendations', 'personal-recommendations', 'course-statistics', 'operation'],
    kept: 'as topics declare; unreadable from the erasure of the learner on',
    inFolder: [],
  },
  'redis-state': {
    description: 'State of topologies on servers, in Redis.',
    holds: ALL,
    activities: ['course-recommendations', 'personal-recommendations', 'course-statistics'],
    kept: 'as long as its topology version runs',
    inFolder: [],
  },
  'feature-store': {
    description: 'Last features of learners, cohorts and segments, in the layout of Feast in Redis.',
    holds: ['pseudonym', 'behavioural', 'profile', 'sensitive'],
    activities: ['personal-recommendations'],
    kept: 'until they are written anew or purged (`skillforge features purge`)',
    inFolder: [],
  },
  'reader-view': {
    description:
      'The last lists of each learner, as the reader serves them: a copy of the topics recommendations and segment-recommendations. In a region with data keys rows of learners are sealed under a key of the file.',
    holds: ['pseudonym', 'profile', 'sensitive'],
    activities: ['course-recommendations', 'personal-recommendations'],
    kept: 'as long as the records that it copies',
    inFolder: ['reader'],
  },
  'reader-outbox': {
    description:
      'Exposures and feedback that a reader has accepted and Kafka does not have yet, beside its view (`outbox.mdb`); sealed under a key of the file in a region with data keys.',
    holds: ['pseudonym', 'behavioural'],
    activities: ['experiments', 'model-training'],
    kept: 'until Kafka takes them, which is at once unless it is away; what was forwarded stays in the file until its room is used again, or the learner is erased',
    inFolder: [],
  },
  'deny-list': {
    description: 'Pseudonyms of learners whose lists the reader does not serve, beside its view.',
    holds: ['pseudonym'],
    activities: ['rights'],
    kept: 'until somebody takes them off (`skillforge reader deny remove`), after an erasure too',
    inFolder: [],
  },
  'identity-map': {
    description: 'Which pseudonym stands for whom, with a keyed hash in place of the identity; and the key.',
    holds: ['pseudonym'],
    activities: ['rights', 'course-recommendations'],
    kept: 'until the mapping is erased (`skillforge privacy erase`)',
    inFolder: ['gateway', 'identities.mdb*', 'identities.key'],
  },
  'home-register': {
    description:
      'In which region each learner is at home, with keyed hashes in place of identity and pseudonym; and the key. The gateways of all regions share it, as a folder or in a Redis.',
    holds: ['pseudonym'],
    activities: ['rights', 'course-recommendations'],
    kept: 'until the learner is erased where they are at home (`skillforge privacy erase` with `--homes`)',
    inFolder: ['homes', 'homes.mdb*', 'homes.key'],
  },
  archive: {
    description: 'Source and derived topics as Parquet files, for batch features (`skillforge archive`).',
    holds: ALL,
    activities: ['personal-recommendations', 'model-training'],
    kept: UNTIL_DELETED,
    inFolder: ['archive'],
  },
  'batch-features': {
    description: 'What dbt makes of the archive: features of learners, cohorts and segments of five learners or more.',
    holds: ['pseudonym', 'behavioural', 'profile', 'sensitive'],
    activities: ['personal-recommendations'],
    kept: UNTIL_DELETED,
    inFolder: ['features', 'batch'],
  },
  exports: {
    description:
      'What commands write for other programs: training exports, features, recommendations, decisions with what came of them; copies for learners who ask for one.',
    holds: ['pseudonym', 'behavioural', 'profile', 'sensitive'],
    activities: ['model-training'],
    kept: UNTIL_DELETED,
    inFolder: ['exports', 'training'],
  },
  snapshots: {
    description: 'Copies of the state (`skillforge state snapshot`).',
    holds: ALL,
    activities: ['operation'],
    kept: UNTIL_DELETED,
    inFolder: [],
  },
  models: {
    description: 'Trained bundles: names of items and courses, weights over many learners, counts of bins. Nothing of a single learner.',
    holds: ['none'],
    activities: ['personal-recommendations'],
    kept: 'until they are deleted from the registry',
    inFolder: ['registry', 'models'],
  },
  'model-cache': {
    description: 'Bundles that a run has fetched, and the last payload of experiments, which may name learners that it is to treat in some way.',
    holds: ['pseudonym', 'sensitive'],
    activities: ['personal-recommendations', 'experiments'],
    kept: 'until a newer one is fetched',
    inFolder: ['model-cache'],
  },
  shadow: {
    description: 'Where a shadow is in the feature log, and its sums.',
    holds: ['none'],
    activities: ['model-training'],
    kept: UNTIL_DELETED,
    inFolder: ['shadow'],
  },
  'decision-seals': {
    description: 'Chains of digests over the feature log (`skillforge decisions seal`), and the salts that they are made with.',
    holds: ['none'],
    activities: ['decision-record'],
    kept: UNTIL_DELETED,
    inFolder: ['decisions'],
  },
  erasures: {
    description:
      'Journals and signed receipts of erasures and moves, under digests that nobody can tell a learner from, and the key that signs them. The journal of a move has the old pseudonym until the move ends, and requests that are to be done (`skillforge privacy serve`) have theirs until then.',
    holds: ['none'],
    activities: ['rights'],
    kept: UNTIL_DELETED,
    inFolder: ['erasures'],
  },
  metrics: {
    description: 'What Prometheus reads: counts and times, without an id of a learner.',
    holds: ['none'],
    activities: ['operation'],
    kept: 'in memory of the process',
    inFolder: [],
  },
  'access-log': {
    description: 'Requests of the reader, with the pattern of their path in place of the learner.',
    holds: ['none'],
    activities: ['operation'],
    kept: 'as whoever runs the reader keeps its output',
    inFolder: [],
  },
} as const satisfies Readonly<Record<string, Store>>;

/** Name of a store of this project. */
export type StoreName = keyof typeof stores;
