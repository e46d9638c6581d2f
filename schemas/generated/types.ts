// Generated from schemas/avro by scripts/generate-types.ts: do not edit.

import type { CohortId, ControlKey, CourseId, DeadLetterKey, ItemId, LearnerId, RightsRequestKey } from '../keys.js';

/** A row of the view; of five learners or more. */
export interface BatchFeatureRow {
  /** Item or cohort that it is about. */
  readonly entity: string;
  /** A value for each feature, in the unit that its view declares; null where there is none. */
  readonly values: readonly (number | null)[];
}

/** Rows of a view of batch features as of the end of a day, of one course or cohort: what decisions see of the daily batch. */
export interface BatchFeatures {
  /** View that the rows are of, such as item_difficulty. */
  readonly view: string;
  /** What a decision finds them by: the course of items, or the cohort itself. */
  readonly group: string;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** End of the day that the rows are of: nothing that happened later is in them. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Event time: decisions before it do not see the rows. The end of the day, or when it was published later. Unit: ms since epoch (UTC). */
  readonly knownFromMs: number;
  /** Names of the features in the order of the values. */
  readonly features: readonly string[];
  /** One for each item of the course, or that of the cohort; without values where the day has no row. */
  readonly rows: readonly BatchFeatureRow[];
}

/** Something to learn from: its place in the curriculum, its schedule and its text. */
export interface CatalogueItem {
  /** Catalogue item. */
  readonly item: ItemId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Kind of activity, such as quiz, forum or page. */
  readonly kind: string;
  /** Title for people. */
  readonly title: string;
  /** Text that describes the item, for embeddings; may be empty. */
  readonly text: string;
  /** Skills that the item teaches or exercises. */
  readonly skills: readonly string[];
  /** Items to complete before this one. */
  readonly prerequisites: readonly ItemId[];
  /** How hard it is, 0 easiest. Unit: 0..1. */
  readonly difficulty: number | null;
  /** Time that it takes. Unit: minutes. */
  readonly durationMinutes: number | null;
  /** First instant at which it can be opened; null means always. Unit: ms since epoch (UTC). */
  readonly availableFromMs: number | null;
  /** First instant at which it cannot be opened any more; null means never. Unit: ms since epoch (UTC). */
  readonly availableUntilMs: number | null;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Whether it must not be recommended any more. */
  readonly withdrawn: boolean;
  /** When the catalogue changed the item. Unit: ms since epoch (UTC). */
  readonly updatedAtMs: number;
  /** Place in the order of the course, from 0; null where nobody says. */
  readonly position: number | null;
  /** From when on the course plans to have it done; says nothing of availability. null where nothing is planned. Unit: ms since epoch (UTC). */
  readonly plannedFromMs: number | null;
  /** First instant at which it is planned no more; null where nothing is planned. Unit: ms since epoch (UTC). */
  readonly plannedUntilMs: number | null;
}

/** Kinds of touch. */
export type ClickAction = 'VIEW' | 'OPEN' | 'COMPLETE' | 'DWELL';

/** What the learner did. */
export interface ClickDetails {
  /** What the learner did with the item. Personal: behavioural. */
  readonly action: ClickAction;
  /** Catalogue item touched. Personal: behavioural. */
  readonly item: ItemId;
  /** Time spent on the item; 0 unless the action is DWELL. Unit: ms. Personal: behavioural. */
  readonly dwellMs: number;
  /** Clicks that this event stands for, 1 or more. Unit: clicks. Personal: behavioural. */
  readonly clicks: number;
}

/** A learner touched a catalogue item. */
export interface Click {
  /** Identity of the event; a second record with the same one is a repeat. */
  readonly eventId: string;
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** When it happened, by the clock of the source. Unit: ms since epoch (UTC). */
  readonly occurredAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: ClickDetails | Sealed;
}

/** How much an item was used. */
export interface CohortItemTrend {
  /** Catalogue item. */
  readonly item: ItemId;
  /** Events in the last day. Unit: count. */
  readonly events1d: number;
  /** Events in the last 3 days. Unit: count. */
  readonly events3d: number;
  /** Events in the last 7 days. Unit: count. */
  readonly events7d: number;
  /** Distinct (learner, day) pairs that touched the item in the last day. Unit: learner-days. */
  readonly learnerDays1d: number;
  /** Distinct (learner, day) pairs that touched the item in the last 3 days. Unit: learner-days. */
  readonly learnerDays3d: number;
  /** Distinct (learner, day) pairs that touched the item in the last 7 days. Unit: learner-days. */
  readonly learnerDays7d: number;
  /** Learners who used the item for the first time in the last day. Unit: learners. */
  readonly newLearners1d: number;
  /** Learners who used the item for the first time in the last 3 days. Unit: learners. */
  readonly newLearners3d: number;
  /** Learners who used the item for the first time in the last 7 days. Unit: learners. */
  readonly newLearners7d: number;
  /** Events in the last 14 days. Unit: count. */
  readonly events14d: number;
  /** Distinct (learner, day) pairs that touched the item in the last 14 days. Unit: learner-days. */
  readonly learnerDays14d: number;
  /** Learners who used the item for the first time in the last 14 days. Unit: learners. */
  readonly newLearners14d: number;
  /** Events in the last 28 days. Unit: count. */
  readonly events28d: number;
  /** Distinct (learner, day) pairs that touched the item in the last 28 days. Unit: learner-days. */
  readonly learnerDays28d: number;
  /** Learners who used the item for the first time in the last 28 days. Unit: learners. */
  readonly newLearners28d: number;
  /** Learners of the cohort who have ever used the item. Unit: learners. */
  readonly openers: number;
  /** Start of the day on which a learner of the cohort used the item for the first time. Unit: ms since epoch (UTC). */
  readonly firstUsedAtMs: number | null;
  /** Start of the day on which one in twenty learners of the cohort had used the item; null before. Unit: ms since epoch (UTC). */
  readonly spreadAtMs: number | null;
}

/** The items that a cohort used most up to a midnight (UTC), with their windows: one record instead of one for each item. */
export interface CohortTrend {
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** End of the windows. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The items used in the last 28 days, most events in 7 days first, then in 28 days, ties by item; at most 300. */
  readonly items: readonly CohortItemTrend[];
  /** Distinct (learner, day) pairs of the cohort in the last day, whatever they used. Unit: learner-days. */
  readonly activeLearnerDays1d: number;
  /** Distinct (learner, day) pairs of the cohort in the last 3 days, whatever they used. Unit: learner-days. */
  readonly activeLearnerDays3d: number;
  /** Distinct (learner, day) pairs of the cohort in the last 7 days, whatever they used. Unit: learner-days. */
  readonly activeLearnerDays7d: number;
  /** Distinct (learner, day) pairs of the cohort in the last 14 days, whatever they used. Unit: learner-days. */
  readonly activeLearnerDays14d: number;
  /** Distinct (learner, day) pairs of the cohort in the last 28 days, whatever they used. Unit: learner-days. */
  readonly activeLearnerDays28d: number;
  /** Learners of the cohort who have ever used anything. Unit: learners. */
  readonly learners: number;
  /** Start of the day on which a learner of the cohort used anything for the first time. Unit: ms since epoch (UTC). */
  readonly firstUsedAtMs: number | null;
}

/** Kinds of control record. */
export type ControlKind = 'CLOCK_ADVANCE' | 'END_OF_INPUT' | 'POINTER' | 'MODEL' | 'EXPERIMENT' | 'PAUSE' | 'RESTRICTION';

/** Something outside the data that decides results: clocks, pointers, models, experiments, pauses, restrictions. */
export interface Control {
  /** Identity of the record, unique in the topic. */
  readonly id: ControlKey;
  /** Kind of control record; fields that it does not use are null. */
  readonly kind: ControlKind;
  /** When it was written, by the clock of the writer. Unit: ms since epoch (UTC). */
  readonly madeAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Topology that it is for; null means all. */
  readonly topology: string | null;
  /** Version of the topology; null means all. */
  readonly topologyVersion: number | null;
  /** Number of the subtopology within the topology. */
  readonly subtopology: number | null;
  /** Partition that it is for; null means all. */
  readonly partition: number | null;
  /** Input channel of the task, such as a source topic. */
  readonly channel: string | null;
  /** Offset in the channel from which it applies. Unit: offset. */
  readonly position: number | null;
  /** Event time to which the clock advances. Unit: ms since epoch (UTC). */
  readonly clockMs: number | null;
  /** JSON of further values of the kind; that of an experiment may name learners whom it treats in some way. Personal: pseudonym. */
  readonly payload: string | null;
}

/** An item in its place. */
export interface CurriculumItem {
  /** Catalogue item. */
  readonly item: ItemId;
  /** Kind of activity, such as quiz, forum or page. */
  readonly kind: string;
  /** Title for people. */
  readonly title: string;
  /** Skills that the item teaches or exercises. */
  readonly skills: readonly string[];
  /** Items to complete before this one. */
  readonly prerequisites: readonly ItemId[];
  /** How hard it is, 0 easiest. Unit: 0..1. */
  readonly difficulty: number | null;
  /** Time that it takes. Unit: minutes. */
  readonly durationMinutes: number | null;
  /** First instant at which it can be opened; null means always. Unit: ms since epoch (UTC). */
  readonly availableFromMs: number | null;
  /** First instant at which it cannot be opened any more; null means never. Unit: ms since epoch (UTC). */
  readonly availableUntilMs: number | null;
  /** When the catalogue first told of the item. Unit: ms since epoch (UTC). */
  readonly addedAtMs: number;
  /** Whether it must not be recommended any more. */
  readonly withdrawn: boolean;
  /** Place in the order of the course, from 0; null where nobody says. */
  readonly position: number | null;
  /** From when on the course plans to have it done; says nothing of availability. null where nothing is planned. Unit: ms since epoch (UTC). */
  readonly plannedFromMs: number | null;
  /** First instant at which it is planned no more; null where nothing is planned. Unit: ms since epoch (UTC). */
  readonly plannedUntilMs: number | null;
}

/** All items of a course: what can be recommended in it, and when. */
export interface Curriculum {
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Instant of event time from which it holds. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The items, withdrawn ones included, by name. */
  readonly items: readonly CurriculumItem[];
}

/** The bytes that failed. */
export interface DeadLetterDetails {
  /** Key as read; of a failed timer its own. Unit: bytes. Personal: behavioural. */
  readonly key: Buffer | null;
  /** Value as read, wire format included: whatever the record was, a profile too; null for a tombstone, and where a timer failed. Unit: bytes. Personal: sensitive. */
  readonly value: Buffer | null;
  /** Header as read. Unit: bytes. Personal: behavioural. */
  readonly header: Buffer | null;
}

/** A record that could not be decoded, validated or processed, with the reason and its bytes. */
export interface DeadLetter {
  /** Identity: source topic, partition and offset, topology and stage; then a number where one input failed several times. */
  readonly id: DeadLetterKey;
  /** Error code, such as SFS_DECODE_FAILED. */
  readonly code: string;
  /** Message for people; that of a failed timer names its key. Personal: pseudonym. */
  readonly reason: string;
  /** Operator that failed; null when the record never reached one. */
  readonly stage: string | null;
  /** Topology that read the record. */
  readonly topology: string | null;
  /** Version of the topology. */
  readonly topologyVersion: number | null;
  /** Physical topic that the record came from. */
  readonly sourceTopic: string;
  /** Partition that it came from. */
  readonly sourcePartition: number;
  /** Offset that it had. Unit: offset. */
  readonly sourceOffset: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Event time of the record, or of the timer that failed; null when it cannot be told. Unit: ms since epoch (UTC). */
  readonly failedAtEventTimeMs: number | null;
  /** The personal values: in clear, or sealed under the key of the person. Personal: sensitive. */
  readonly personal: DeadLetterDetails | Sealed;
}

/** A learner was decided for under a variation of an experiment, for the first time in a while. */
export interface ExperimentExposure {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Key of the experiment. */
  readonly experiment: string;
  /** Key of the variation that was drawn for the learner. */
  readonly variation: string;
  /** Event time of the decision. Unit: ms since epoch (UTC). */
  readonly exposedAtMs: number;
  /** Identity of the decision, as the feature log has it before the course; the same in a replay. */
  readonly decisionId: string;
  /** Version of the model that ranked, or of the rule that did. */
  readonly modelVersion: string;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
}

/** The two lists of a course. */
export type ExposureList = 'NEXT' | 'NEW';

/** What was shown. */
export interface ExposureDetails {
  /** Which list was shown. Personal: behavioural. */
  readonly list: ExposureList;
  /** Items in the order shown. Personal: behavioural. */
  readonly items: readonly ItemId[];
  /** Probability with which the policy put each item there; empty when it did not explore. Unit: 0..1. Personal: behavioural. */
  readonly propensities: readonly number[];
}

/** Recommendations were shown to a learner. */
export interface Exposure {
  /** Identity of the event; a second record with the same one is a repeat. */
  readonly eventId: string;
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** When they were shown, by the clock of the source. Unit: ms since epoch (UTC). */
  readonly occurredAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Experiment in force; empty outside experiments. */
  readonly experiment: string;
  /** Variant assigned; empty outside experiments. */
  readonly variant: string;
  /** madeAtMs of the recommendation shown. Unit: ms since epoch (UTC). */
  readonly recommendationMadeAtMs: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: ExposureDetails | Sealed;
}

/** A candidate that the decision weighed. */
export interface LoggedCandidate {
  /** Catalogue item. Personal: behavioural. */
  readonly item: ItemId;
  /** Source that proposed it first, as in the recommendation. Personal: behavioural. */
  readonly source: string;
  /** All sources that proposed it: bit n is the symbol n of CandidateSource; 0 in records that only know the first. Personal: behavioural. */
  readonly sources: number;
  /** Place in the list `next`, from 0; -1 when not in it. Personal: behavioural. */
  readonly nextRank: number;
  /** Place in the list `new`, from 0; -1 when not in it. Personal: behavioural. */
  readonly newRank: number;
  /** Score that it had for `next`. Personal: behavioural. */
  readonly score: number;
  /** Score that it had for `new`. Personal: behavioural. */
  readonly newScore: number;
  /** Its features, in the order of the feature set. Personal: behavioural. */
  readonly features: readonly number[];
  /** Probability with which the policy lists it in `next`, at this place; 0 where it is not listed. Unit: 0..1. Personal: behavioural. */
  readonly nextPropensity: number;
  /** Probability with which the policy lists it in `new`, at this place; 0 where it is not listed. Unit: 0..1. Personal: behavioural. */
  readonly newPropensity: number;
  /** Coded reasons that were shown with it in `next`; none where it is not listed. Personal: behavioural. */
  readonly nextReasons: readonly string[];
  /** Coded reasons that were shown with it in `new`; none where it is not listed. Personal: behavioural. */
  readonly newReasons: readonly string[];
  /** Probability with which a candidate like it is in the log, given that the decision is. Unit: 0..1. Personal: behavioural. */
  readonly inclusionProbability: number;
}

/** The candidates. */
export interface FeatureLogDetails {
  /** Presentation of a course, such as AAA-2014J. Personal: behavioural. */
  readonly course: CourseId;
  /** Group of learners who take the course together. Personal: behavioural. */
  readonly cohort: CohortId;
  /** What was listed, and a sample of the rest. Personal: behavioural. */
  readonly candidates: readonly LoggedCandidate[];
}

/** What a decision saw: the features of its candidates, for training. */
export interface FeatureLog {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Identity of the decision: unique, and the same in a replay. */
  readonly decisionId: string;
  /** Event time of the decision. Unit: ms since epoch (UTC). */
  readonly decidedAtMs: number;
  /** Version of the model or rule that ranked. */
  readonly modelVersion: string;
  /** Name and digest of the feature declarations that give the order. */
  readonly featureSet: string;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** Whether the last places of its lists were drawn. */
  readonly explored: boolean;
  /** Probability with which a decision of the policy draws. Unit: 0..1. */
  readonly explorationShare: number;
  /** Variations of experiments that made it, as in the recommendation; empty outside experiments. */
  readonly variant: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: FeatureLogDetails | Sealed;
}

/** Kinds of feedback. */
export type FeedbackKind = 'OPENED' | 'COMPLETED' | 'DISMISSED' | 'HELPFUL' | 'NOT_HELPFUL';

/** The two lists of a course. */
export type FeedbackList = 'NEXT' | 'NEW';

/** What the learner did. */
export interface FeedbackDetails {
  /** eventId of the exposure; empty when unknown. Personal: behavioural. */
  readonly exposureId: string;
  /** What the learner did. Personal: behavioural. */
  readonly kind: FeedbackKind;
  /** List that the item was in. Personal: behavioural. */
  readonly list: FeedbackList;
  /** Item that it is about. Personal: behavioural. */
  readonly item: ItemId;
  /** Place of the item in the list, 0 first. Unit: index. Personal: behavioural. */
  readonly position: number;
}

/** What a learner did with a recommendation that was shown. */
export interface Feedback {
  /** Identity of the event; a second record with the same one is a repeat. */
  readonly eventId: string;
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** When it happened, by the clock of the source. Unit: ms since epoch (UTC). */
  readonly occurredAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Experiment in force; empty outside experiments. */
  readonly experiment: string;
  /** Variant assigned; empty outside experiments. */
  readonly variant: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: FeedbackDetails | Sealed;
}

/** Partial sum of one day of one item, from one task of the trends topology. */
export interface ItemActivity {
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Catalogue item. */
  readonly item: ItemId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Start of the day (UTC). Unit: ms since epoch (UTC). */
  readonly dayStartMs: number;
  /** Events. Unit: count. */
  readonly events: number;
  /** Clicks. Unit: clicks. */
  readonly clicks: number;
  /** Learners of this partial that touched the item on the day. Unit: learner-days. */
  readonly learnerDays: number;
}

/** What a cohort did with an item in a window. */
export interface TrendWindow {
  /** Start of the window, inclusive. Unit: ms since epoch (UTC). */
  readonly windowStartMs: number;
  /** End of the window, exclusive. Unit: ms since epoch (UTC). */
  readonly windowEndMs: number;
  /** Events. Unit: count. */
  readonly events: number;
  /** Clicks. Unit: clicks. */
  readonly clicks: number;
  /** Distinct (learner, day) pairs that touched the item. Unit: learner-days. */
  readonly learnerDays: number;
}

/** How much a cohort uses an item, over all its learners, as of an instant of event time. */
export interface ItemTrend {
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Catalogue item. */
  readonly item: ItemId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Instant of event time for which the values hold. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The last day. */
  readonly trend1d: TrendWindow | null;
  /** The last 3 days. */
  readonly trend3d: TrendWindow | null;
  /** The last 7 days. */
  readonly trend7d: TrendWindow | null;
}

/** The bytes that were late. */
export interface LateEventDetails {
  /** Key as read. Unit: bytes. Personal: behavioural. */
  readonly key: Buffer | null;
  /** Value as read, wire format included; null for a tombstone. Unit: bytes. Personal: behavioural. */
  readonly value: Buffer | null;
  /** Header as read. Unit: bytes. Personal: behavioural. */
  readonly header: Buffer | null;
}

/** A record that came behind its window, with the reason and its bytes. */
export interface LateEvent {
  /** Identity: source topic, partition, offset and operator. */
  readonly id: DeadLetterKey;
  /** Pseudonym of the learner, when the key is one. Personal: pseudonym. */
  readonly learner: LearnerId | null;
  /** Physical topic that the record came from. */
  readonly sourceTopic: string;
  /** Partition that it came from. */
  readonly sourcePartition: number;
  /** Offset that it had. Unit: offset. */
  readonly sourceOffset: number;
  /** Operator that found it late. */
  readonly operator: string;
  /** Topology that read the record. */
  readonly topology: string;
  /** Version of the topology. */
  readonly topologyVersion: number;
  /** Event time of the record. Unit: ms since epoch (UTC). */
  readonly timestampMs: number;
  /** Watermark of the task when it came. Unit: ms since epoch (UTC). */
  readonly watermarkMs: number;
  /** Why it was late, for people; holds no personal values. */
  readonly reason: string;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: LateEventDetails | Sealed;
}

/** What was done with an item in the hour. */
export interface ItemUse {
  /** Presentation of a course, such as AAA-2014J. Personal: behavioural. */
  readonly course: CourseId;
  /** Group of learners who take the course together. Personal: behavioural. */
  readonly cohort: CohortId;
  /** Catalogue item. Personal: behavioural. */
  readonly item: ItemId;
  /** Events. Unit: count. Personal: behavioural. */
  readonly events: number;
  /** Clicks. Unit: clicks. Personal: behavioural. */
  readonly clicks: number;
  /** Time spent. Unit: ms. Personal: behavioural. */
  readonly dwellMs: number;
  /** Whether the item was completed in the hour. Personal: behavioural. */
  readonly completed: boolean;
}

/** The items used. */
export interface ActivityDetails {
  /** One entry for each course and item, in the order of first use. Personal: behavioural. */
  readonly items: readonly ItemUse[];
}

/** What a learner did in an hour, item by item. */
export interface LearnerActivity {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Start of the hour, inclusive. Unit: ms since epoch (UTC). */
  readonly hourStartMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: ActivityDetails | Sealed;
}

/** An item that is due. */
export interface Deadline {
  /** Catalogue item. Personal: profile. */
  readonly item: ItemId;
  /** When it is due. Unit: ms since epoch (UTC). Personal: profile. */
  readonly dueAtMs: number;
}

/** A course that the learner takes. */
export interface ActiveCourse {
  /** Presentation of a course, such as AAA-2014J. Personal: profile. */
  readonly course: CourseId;
  /** Group of learners who take the course together. Personal: profile. */
  readonly cohort: CohortId;
  /** When the enrolment took effect. Unit: ms since epoch (UTC). Personal: profile. */
  readonly enrolledAtMs: number;
  /** What is due, the earliest first. Personal: profile. */
  readonly deadlines: readonly Deadline[];
}

/** The context. */
export interface ContextDetails {
  /** Courses in which the learner is enrolled, by name; an ended enrolment is left out. Personal: profile. */
  readonly courses: readonly ActiveCourse[];
  /** Segment of the learner, learnt or from the profile; null without consent, and where nothing tells. Personal: sensitive. */
  readonly segment: string | null;
  /** Time that the learner says to have. Unit: hours per week. Personal: profile. */
  readonly hoursPerWeek: number | null;
  /** Whether the learner agreed to be profiled; without it recommendations go by course only. Personal: profile. */
  readonly consentProfiling: boolean;
}

/** What holds of a learner beside events: active courses, segment, consent, availability. */
export interface LearnerContext {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Instant of event time from which it holds. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: sensitive. */
  readonly personal: ContextDetails | Sealed;
}

/** What a learner did in a window. */
export interface EngagementWindow {
  /** Start of the window, inclusive. Unit: ms since epoch (UTC). */
  readonly windowStartMs: number;
  /** End of the window, exclusive. Unit: ms since epoch (UTC). */
  readonly windowEndMs: number;
  /** Events. Unit: count. Personal: behavioural. */
  readonly events: number;
  /** Clicks. Unit: clicks. Personal: behavioural. */
  readonly clicks: number;
  /** Time spent. Unit: ms. Personal: behavioural. */
  readonly dwellMs: number;
  /** Items completed. Unit: count. Personal: behavioural. */
  readonly completions: number;
}

/** The features; null where the window saw nothing. */
export interface FeatureDetails {
  /** Engagement in the last hour. Personal: behavioural. */
  readonly engagement1h: EngagementWindow | null;
  /** Engagement in the last day. Personal: behavioural. */
  readonly engagement1d: EngagementWindow | null;
  /** Engagement in the last 7 days. Personal: behavioural. */
  readonly engagement7d: EngagementWindow | null;
  /** Engagement in the last 28 days. Personal: behavioural. */
  readonly engagement28d: EngagementWindow | null;
}

/** Windowed features of a learner as of an instant of event time. */
export interface LearnerFeatures {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Instant of event time for which the values hold. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: FeatureDetails | Sealed;
}

/** The estimate of one skill. */
export interface SkillMastery {
  /** Skill. Personal: behavioural. */
  readonly skill: string;
  /** Probability that the learner answers the next question on the skill correctly. Unit: 0..1. Personal: behavioural. */
  readonly mastery: number;
  /** Answers that the estimate rests on. Unit: count. Personal: behavioural. */
  readonly answers: number;
  /** Event time of the last answer. Unit: ms since epoch (UTC). Personal: behavioural. */
  readonly lastAtMs: number;
}

/** The estimates. */
export interface MasteryDetails {
  /** One entry for each skill answered so far, by name. Personal: behavioural. */
  readonly skills: readonly SkillMastery[];
}

/** What a learner masters, skill by skill. */
export interface LearnerMastery {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Event time of the last answer. Unit: ms since epoch (UTC). */
  readonly asOfMs: number;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: MasteryDetails | Sealed;
}

/** The profile. */
export interface ProfileDetails {
  /** Segment attributes by name; whoever fills it decides which. Personal: sensitive. */
  readonly segments: Readonly<Record<string, string>>;
  /** Courses in which the learner is enrolled. Personal: profile. */
  readonly courses: readonly CourseId[];
  /** Cohort of the learner. Personal: profile. */
  readonly cohort: CohortId | null;
  /** Whether the learner agreed to be profiled; without it recommendations go by course only. Personal: profile. */
  readonly consentProfiling: boolean;
  /** When the consent was given or withdrawn. Unit: ms since epoch (UTC). Personal: profile. */
  readonly consentAtMs: number | null;
  /** Whether the learner objects to profiling, whatever the consent says; null says nothing: what held before goes on. Personal: profile. */
  readonly objectsToProfiling: boolean | null;
  /** Whether the use of the learner's data is restricted to keeping them; null says nothing: what held before goes on. Personal: profile. */
  readonly restricted: boolean | null;
}

/** What is known of a learner besides events: segment attributes, courses, consent. */
export interface LearnerProfile {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** When the profile changed. Unit: ms since epoch (UTC). */
  readonly updatedAtMs: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: sensitive. */
  readonly personal: ProfileDetails | Sealed;
}

/** Kinds of statement. */
export type LmsEventKind = 'ENROLLED' | 'UNENROLLED' | 'DEADLINE' | 'AVAILABILITY';

/** The statement; fields that its kind does not use are null. */
export interface LmsDetails {
  /** Kind of statement. Personal: behavioural. */
  readonly kind: LmsEventKind;
  /** DEADLINE: the item due. Personal: behavioural. */
  readonly item: ItemId | null;
  /** DEADLINE: when it is due. Unit: ms since epoch (UTC). Personal: behavioural. */
  readonly dueAtMs: number | null;
  /** AVAILABILITY: time that the learner says to have. Unit: hours per week. Personal: profile. */
  readonly hoursPerWeek: number | null;
}

/** What the learning management system says about a learner: enrolment and its end, deadlines, stated availability. */
export interface LmsEvent {
  /** Identity of the event; a second record with the same one is a repeat. */
  readonly eventId: string;
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** When it took effect, by the clock of the source. Unit: ms since epoch (UTC). */
  readonly occurredAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: LmsDetails | Sealed;
}

/** What was decided, by whom and why. */
export interface OverrideDetails {
  /** Whether the learner gets what is popular in place of lists of their own. Personal: profile. */
  readonly baseline: boolean;
  /** Items that stand first, in this order. Personal: profile. */
  readonly pinned: readonly ItemId[];
  /** Items that are not shown. Personal: profile. */
  readonly excluded: readonly ItemId[];
  /** Who decided: an account or a name. Personal: pseudonym. */
  readonly by: string;
  /** Why, in their words. Personal: profile. */
  readonly reason: string;
}

/** What a person decided about the recommendations of one learner; the last record of a learner holds. */
export interface Override {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Identity of the record: one that is in the topic twice was written once. */
  readonly id: string;
  /** When it was written, by the clock of the writer. Unit: ms since epoch (UTC). */
  readonly madeAtMs: number;
  /** The personal values: in clear, or sealed under the key of the person. Personal: profile. */
  readonly personal: OverrideDetails | Sealed;
}

/** What came out of it. */
export interface QuizDetails {
  /** Catalogue item answered. Personal: behavioural. */
  readonly item: ItemId;
  /** Skills that the item exercises. Personal: behavioural. */
  readonly skills: readonly string[];
  /** Score reached. Unit: 0..1. Personal: behavioural. */
  readonly score: number;
  /** Attempts so far, this one included. Unit: count. Personal: behavioural. */
  readonly attempts: number;
  /** Whether it counts as answered correctly. Personal: behavioural. */
  readonly correct: boolean;
  /** Whether the score was carried over from an earlier presentation. Personal: behavioural. */
  readonly banked: boolean;
}

/** A learner handed in a quiz or an assessment. */
export interface QuizResult {
  /** Identity of the event; a second record with the same one is a repeat. */
  readonly eventId: string;
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Group of learners who take the course together. */
  readonly cohort: CohortId;
  /** When it was handed in, by the clock of the source. Unit: ms since epoch (UTC). */
  readonly occurredAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: behavioural. */
  readonly personal: QuizDetails | Sealed;
}

/** Where a candidate came from. */
export type CandidateSource = 'TRENDING' | 'CURRICULUM' | 'ALS' | 'NEIGHBOURS' | 'COVISITED' | 'REVIEW' | 'SEGMENT' | 'NEW' | 'POPULAR';

/** An item to do next, with why. */
export interface RecommendedItem {
  /** Catalogue item. Personal: profile. */
  readonly item: ItemId;
  /** What the ranker gave it for its list, higher is better; not comparable across lists. The order of a list is that of the policy, which may differ. Personal: profile. */
  readonly score: number;
  /** Source that proposed the item. Personal: profile. */
  readonly source: CandidateSource;
  /** Coded reasons to show, such as DUE_SOON. Personal: profile. */
  readonly reasons: readonly string[];
}

/** The two lists of a course, best first, up to 20 items each. */
export interface CourseRecommendations {
  /** Course that the lists are for. Personal: profile. */
  readonly course: CourseId;
  /** Segment of the learner in the course, whose list stands in for one that is stale; empty where there is none. Personal: sensitive. */
  readonly segment: string;
  /** Whatever is best to do next, repeats included. Personal: profile. */
  readonly next: readonly RecommendedItem[];
  /** Best among the items not opened before. Personal: profile. */
  readonly new: readonly RecommendedItem[];
}

/** The lists. */
export interface RecommendationDetails {
  /** One entry for each active course. Personal: profile. */
  readonly courses: readonly CourseRecommendations[];
}

/** The recommendations of a learner, for every active course. */
export interface Recommendation {
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Event time at which they were made. Unit: ms since epoch (UTC). */
  readonly madeAtMs: number;
  /** From when on readers mark them stale. Unit: ms since epoch (UTC). */
  readonly validUntilMs: number;
  /** Version of the model that ranked, or of the rule that did. */
  readonly modelVersion: string;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** Experiment variant that made them; empty outside experiments. */
  readonly variant: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: profile. */
  readonly personal: RecommendationDetails | Sealed;
}

/** States of a request. */
export type RightsState = 'RECEIVED' | 'DONE' | 'FAILED';

/** How far a request of the topic rights-requests is. It names no learner, so that it stays when the learner is erased. */
export interface RightsOutcome {
  /** Identity of the request. */
  readonly request: RightsRequestKey;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** RECEIVED: it is in the log, and will be done. */
  readonly state: RightsState;
  /** Since when it is in this state, by the clock of the writer. Unit: ms since epoch (UTC). */
  readonly updatedAtMs: number;
  /** FAILED: why, such as SFS_ERASURE_STUCK. */
  readonly code: string | null;
  /** DONE: name of the file that came of it, in a folder of whoever serves requests: the receipt of an erasure, or the copy. */
  readonly file: string | null;
  /** DONE: SHA-256 of that file, hexadecimal. */
  readonly sha256: string | null;
}

/** Kinds of request. */
export type RightsKind = 'ERASE' | 'EXPORT' | 'RESTRICT' | 'OBJECT' | 'CONSENT';

/** What is asked for. */
export interface RightsRequestDetails {
  /** What is asked for: GDPR articles 17, 15 and 20, 18, 21, 6(1)(a). Personal: profile. */
  readonly kind: RightsKind;
  /** RESTRICT, OBJECT, CONSENT: it is taken back, or lifted. Personal: profile. */
  readonly withdraw: boolean;
}

/** What a learner asks for by right: erasure, a copy, restriction, objection, consent. */
export interface RightsRequest {
  /** Identity of the request; a second record with the same one is a repeat. */
  readonly eventId: string;
  /** Pseudonym of the learner, from the identity map. Personal: pseudonym. */
  readonly learner: LearnerId;
  /** When the learner asked, by the clock of the source. Unit: ms since epoch (UTC). */
  readonly occurredAtMs: number;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** The personal values: in clear, or sealed under the key of the person. Personal: profile. */
  readonly personal: RightsRequestDetails | Sealed;
}

/** Personal values encrypted under a key of their own: without the key they are erased. */
export interface Sealed {
  /** Which data key opens it. Personal: pseudonym. */
  readonly keyId: string;
  /** Authenticated cipher, such as AES-256-GCM. */
  readonly algorithm: string;
  /** Number used once with this key. Unit: bytes. */
  readonly nonce: Buffer;
  /** The Avro binary of the record in clear, encrypted, with its authentication tag. Unit: bytes. Personal: pseudonym. */
  readonly ciphertext: Buffer;
}

/** An item of the list. */
export interface SegmentItem {
  /** Catalogue item. */
  readonly item: ItemId;
  /** Rank score within the list, higher is better. */
  readonly score: number;
  /** Distinct (learner, day) pairs of the segment that touched the item in the window. Unit: learner-days. */
  readonly learnerDays: number;
}

/** What a segment of a course uses most: served where nothing better is known of a learner. */
export interface SegmentRecommendation {
  /** Presentation of a course, such as AAA-2014J. */
  readonly course: CourseId;
  /** Segment within the course; `all` is the whole course. */
  readonly segment: string;
  /** Region that the record must not leave, such as eu-west. */
  readonly region: string;
  /** Event time at which the list was made. Unit: ms since epoch (UTC). */
  readonly madeAtMs: number;
  /** From when on readers mark it stale. Unit: ms since epoch (UTC). */
  readonly validUntilMs: number;
  /** Version of the rule that ranked. */
  readonly modelVersion: string;
  /** Version of the topology that wrote the record. */
  readonly topologyVersion: number;
  /** The items, best first, up to 20. */
  readonly items: readonly SegmentItem[];
}

/** The wire type of each schema, by file name. */
export interface SchemaTypes {
  readonly 'batch-features': BatchFeatures;
  readonly 'catalogue-item': CatalogueItem;
  readonly 'click': Click;
  readonly 'cohort-trend': CohortTrend;
  readonly 'control': Control;
  readonly 'curriculum': Curriculum;
  readonly 'dead-letter': DeadLetter;
  readonly 'experiment-exposure': ExperimentExposure;
  readonly 'exposure': Exposure;
  readonly 'feature-log': FeatureLog;
  readonly 'feedback': Feedback;
  readonly 'item-activity': ItemActivity;
  readonly 'item-trend': ItemTrend;
  readonly 'late-event': LateEvent;
  readonly 'learner-activity': LearnerActivity;
  readonly 'learner-context': LearnerContext;
  readonly 'learner-features': LearnerFeatures;
  readonly 'learner-mastery': LearnerMastery;
  readonly 'learner-profile': LearnerProfile;
  readonly 'lms-event': LmsEvent;
  readonly 'override': Override;
  readonly 'quiz-result': QuizResult;
  readonly 'recommendation': Recommendation;
  readonly 'rights-outcome': RightsOutcome;
  readonly 'rights-request': RightsRequest;
  readonly 'sealed': Sealed;
  readonly 'segment-recommendation': SegmentRecommendation;
}
