/** Risks of the recommender to learners (AI Act article 9), what is done about each, and the tests that show it. */
import type { Need } from '../checks/shown.js';
import { THRESHOLDS } from '../models/gates/thresholds.js';
import { WITHIN_SECONDS, dayText } from './facts.js';
import { topics } from '../../schemas/index.js';

/** A test that shows that a measure works: its file, and what it says of it. */
export interface ShownBy {
  readonly file: string;
  /** Title of a test in the file. */
  readonly title: string;
  /** What it needs besides npm packages: without that it is skipped, and shows nothing. */
  readonly needs?: readonly Need[];
}

/** How bad, and how likely, without the measures. */
export type Level = 'low' | 'medium' | 'high';

/** A risk. */
export interface Risk {
  /** Such as `R1`. */
  readonly id: string;
  readonly risk: string;
  readonly severity: Level;
  readonly likelihood: Level;
  /** What is done. */
  readonly measures: readonly string[];
  readonly shownBy: readonly ShownBy[];
  /** What is left. */
  readonly residual: string;
  /** What tells that it happens: names of metrics and alerts. */
  readonly watchedBy: readonly string[];
}

const test = (file: string, title: string, ...needs: readonly Need[]): ShownBy => ({
  file: `test/${file}`,
  title,
  ...(needs.length > 0 && { needs }),
});
const percent = (share: number): string => `${Math.round(Math.abs(share) * 100)} %`;

/** The register, by kind of harm: unequal or poor advice, loss of control, loss of privacy, abuse, failure. */
export const RISKS: readonly Risk[] = [
  {
    id: 'R1',
    risk: 'A group of learners gets worse recommendations than others, and falls behind.',
    severity: 'high',
    likelihood: 'medium',
    measures: [
      `a model that is worse by more than ${percent(THRESHOLDS.groups.bound)} for any group of 30 learners or more, beyond chance, is not promoted; the report lists every group`,
      "no feature of the ranker is an attribute of a person; two tell of the list of the learner's segment, which may be made of such attributes",
    ],
    shownBy: [
      test('scripts/models/gates/statisticalGates.test.ts', 'fail where a group of either list lost, although all together gained'),
      test('scripts/models/gates/groupRows.test.ts', 'are the groups of both lists, the least good first, with what the gate says of each'),
      test('docs/technicalFile.test.ts', 'has no feature that is an attribute of a person, and two that tell of the list of a segment'),
    ],
    residual: 'Groups of fewer than 30 learners cannot be measured. Equal ranking quality is not equal success in learning.',
    watchedBy: [],
  },
  {
    id: 'R2',
    risk: 'A model ranks badly, and learners do what does not help them.',
    severity: 'medium',
    likelihood: 'medium',
    measures: [
      `a model that may be worse than the one before by more than ${percent(THRESHOLDS.quality.bound)} of NDCG@10 is not promoted`,
      'a promotion is taken back with one command, a model is killed with another',
    ],
    shownBy: [
      test('scripts/models/gates/statisticalGates.test.ts', 'fail a list that may be worse by more than the bound, and only that one'),
      test('scripts/models/gates/runGates.test.ts', 'are told in order, and fail closed where Python is missing'),
      test('reader/oversight.test.ts', 'has its lists answered by the segment, else by what is popular, and by themselves once it is revived'),
    ],
    residual: 'Quality is how well a list foretells use in the week after. Whether use helps is for teachers to judge.',
    watchedBy: ['skillforge_model_events_total'],
  },
  {
    id: 'R3',
    risk: 'What learners do changes, and the model goes on by habits of the past.',
    severity: 'medium',
    likelihood: 'high',
    measures: [
      'drift of features and scores is measured while it runs and raises an alert',
      'windows and trends are of the last days, whatever the model',
    ],
    shownBy: [
      test('runtime/observability/psi.test.ts', 'is that of the trainer', 'Python'),
      test('scripts/models/gates/statisticalGates.test.ts', 'fail where more features have moved than may, durations left out'),
    ],
    residual: 'Drift is told within a window, not at once.',
    watchedBy: ['skillforge_feature_psi', 'skillforge_drift_detected'],
  },
  {
    id: 'R4',
    risk: 'Lists narrow down to what is popular already, and nothing new is found.',
    severity: 'low',
    likelihood: 'high',
    measures: [
      'lists are diverse by kind and content',
      'new items have places of their own',
      'a share of decisions draws places, with logged propensities',
    ],
    shownBy: [
      test('operators/recommend/policy/diversity.test.ts', 'has so many of a kind at most, while there is anything else'),
      test('operators/recommend/policy/exploration.test.ts', 'hold each item as often as its propensity says, decisions that do not draw included'),
      test(
        'topologies/newItems.test.ts',
        'is in the lists of the first hour, with its likeness to what the learner used, although no training saw it',
      ),
    ],
    residual: 'Popularity stays a strong feature: on real courses it is what tells most.',
    watchedBy: ['skillforge_reader_served_items', 'skillforge_reader_catalogue_items'],
  },
  {
    id: 'R5',
    risk: 'People cannot stop or correct the recommender when it does harm.',
    severity: 'high',
    likelihood: 'low',
    measures: [
      `pause of a region or a course, block of an item, kill switch of a model, override for a learner: in force within ${WITHIN_SECONDS} seconds, beside whatever runs, also while the reader is behind or the log is away`,
      'each is logged with who, when and why',
    ],
    shownBy: [
      test('reader/oversight.test.ts', 'of the region answers everybody with what is popular, without a look at a segment, until it ends'),
      test('reader/oversight.test.ts', 'holds when it starts again and cannot read the log at all'),
      test('scripts/oversight/oversightCli.test.ts', 'changes what is answered within ten seconds, and says who did'),
      test('integration/cluster/oversight.test.ts', 'reaches every reader within ten seconds', 'Kafka'),
      test(
        'runtime/oversight/followOversight.test.ts',
        'decides with no model that is killed: with the fallback, and where that is killed too with the formula',
      ),
    ],
    residual:
      'A reader that cannot reach the log hears of a new measure when it can again. Programs that read the topic without the client library do as they like.',
    watchedBy: ['skillforge_reader_answers_total', 'skillforge_reader_following'],
  },
  {
    id: 'R6',
    risk: 'Learners do not know that an AI system ranks, or why an item is there, and trust it too much.',
    severity: 'medium',
    likelihood: 'medium',
    measures: [
      'each answer has a notice: whether an AI system ranked, the main parameters, how to do without profiling',
      'each item has its reasons, which are true',
    ],
    shownBy: [
      test('reader/oversight.test.ts', 'says whether an AI system ranked, by what, and how to have a list without profiling'),
      test('operators/recommend/reasons.test.ts', 'say nothing that is not so, however much it weighed'),
    ],
    residual: 'The client app has to show the notice.',
    watchedBy: [],
  },
  {
    id: 'R7',
    risk: 'A decision cannot be explained or checked afterwards, or its record is changed.',
    severity: 'high',
    likelihood: 'low',
    measures: [
      `decisions are logged with features, model, variant and propensities, kept ${dayText(topics.featureLog.retentionMs)}, and sealed by a chain of keyed digests`,
      'a logged decision is made again, bit for bit',
    ],
    shownBy: [
      test('scripts/decisions/sealing.test.ts', 'has every decision once, goes on where it was, and is as it was sealed'),
      test('scripts/decisions/replayedDecision.test.ts', 'has them by a trained model that the registry keeps, too'),
      test('scripts/decisions/retention.test.ts', 'stays six months at least, in the catalogue and in what a broker is told'),
    ],
    residual:
      'One decision in eight is logged. Who can write the folder and has the key can write a new chain: keep the digest of its head elsewhere.',
    watchedBy: [],
  },
  {
    id: 'R8',
    risk: 'Learners are profiled who did not agree to it, or object.',
    severity: 'high',
    likelihood: 'medium',
    measures: ['consent is asked before anything that a learner did is looked at', 'a list without profiling is one parameter away'],
    shownBy: [
      test('topologies/rights.test.ts', 'is decided for without a look at anything that is known of them but their courses'),
      test('reader/questions.test.ts', 'looks at no record of a learner and at no segment but the whole course'),
    ],
    residual: 'See the rows of the compliance matrix that say what is computed for all.',
    watchedBy: [],
  },
  {
    id: 'R9',
    risk: 'What was erased comes back, or is still served.',
    severity: 'high',
    likelihood: 'medium',
    measures: [
      'an erasure goes through every store, is verified by a look into every byte, and signed',
      'the reader has a deny list of its own',
      'an erased decision replays as ERASED',
    ],
    shownBy: [
      test('scripts/privacy/erasure.test.ts', 'leaves nothing readable in any store, nor in the bytes of the folder, and everything of the others'),
      test('scripts/decisions/erasedDecision.test.ts', 'replays as ERASED, sealed or not, and no other does'),
    ],
    residual: 'See the compliance matrix for what holds on servers.',
    watchedBy: [],
  },
  {
    id: 'R10',
    risk: 'Whoever sees counts or lists of small groups learns something of one learner.',
    severity: 'medium',
    likelihood: 'low',
    measures: ['groups that are too small are not named in reports of gates', 'no label of a metric and no line of a log names a learner'],
    shownBy: [
      test('scripts/models/gates/statisticalGates.test.ts', 'fail closed where no group can be measured'),
      test('gateway/events.test.ts', 'leaves a line in the log without identity, pseudonym or content'),
    ],
    residual: 'See the compliance matrix for statistics of few.',
    watchedBy: [],
  },
  {
    id: 'R11',
    risk: 'Somebody sends events that are not theirs to send, and moves what others are recommended.',
    severity: 'medium',
    likelihood: 'medium',
    measures: ['the gateway takes events from known senders alone, once, within rates', 'fields that no schema has are refused'],
    shownBy: [
      test('gateway/senders.test.ts', 'takes none from anybody else, and none of their content'),
      test('gateway/retries.test.ts', 'with the same identities is told that they have come before'),
    ],
    residual: 'A known sender can lie.',
    watchedBy: ['skillforge_gateway_refused_total'],
  },
  {
    id: 'R12',
    risk: 'A model is exchanged or damaged on its way.',
    severity: 'high',
    likelihood: 'low',
    measures: ['every file of a bundle has its digest, which runs compare', 'scores are compared with those of training before a promotion'],
    shownBy: [
      test('runtime/models/bundle.test.ts', 'is refused with a file cut short, gone, or too many'),
      test('scripts/models/gates/bundleGates.test.ts', 'fails a bundle that says something else, whose own digests are right'),
      test('scripts/models/gates/servingGates.test.ts', 'fails scores that are others, in either list'),
    ],
    residual: 'Who may write the registry may register a bad model; the gates then judge it.',
    watchedBy: ['skillforge_model_events_total'],
  },
  {
    id: 'R13',
    risk: 'Servers fail, and learners get nothing, or what is out of date without a word.',
    severity: 'medium',
    likelihood: 'medium',
    measures: ['readers serve the last good list and say that it is stale, then the list of the segment, then what is popular'],
    shownBy: [
      test('reader/answer.test.ts', 'gets the same list past its time, marked stale, from the very instant on'),
      test('reader/answer.test.ts', 'gets what is popular in the own courses where the segment has no list'),
    ],
    residual: 'A list may be eight days old before it is marked.',
    watchedBy: ['skillforge_reader_list_age_seconds', 'skillforge_reader_ready'],
  },
  {
    id: 'R14',
    risk: 'A model of one region decides about learners of another, by data that must not leave it.',
    severity: 'high',
    likelihood: 'low',
    measures: ['records, models and state say their region; another one is refused'],
    shownBy: [
      test('runtime/models/bundle.test.ts', 'is refused where a bundle is for another region'),
      test('scripts/models/gates/bundleGates.test.ts', 'is that of the run, the bundle and the registration'),
    ],
    residual: 'Which network a process reaches is for the installation to say.',
    watchedBy: [],
  },
];
