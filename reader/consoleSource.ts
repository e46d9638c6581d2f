/**
 * What the page shows beside recommendations: a port of the reader's, because it knows nothing of the runtime. Whoever runs the
 * topologies implements it. Everything here survives JSON unchanged; the page reads it with these types.
 */
import type { CohortTrend, ContextDetails, FeatureDetails, MasteryDetails } from '../schemas/generated/types.js';
import type { Absence } from './consoleAbsence.js';
import type { ConsoleDeadLetters, ConsoleModels, ConsoleReplays, ReplayDifference } from './consoleOperation.js';

export type * from './consoleAbsence.js';
export type * from './consoleOperation.js';

/**
 * Where the page has its figures from. They are taken when somebody asks: a source costs nothing while nobody looks. What a source does not have
 * is left out, and the page has no such part. What it cannot tell now, because a server is away, it says with an {@link Absence}: an error is for what is wrong.
 */
export interface ConsoleSource {
  /** The topologies, the topics between them, and how both are doing. */
  overview(): ConsoleOverview | Promise<ConsoleOverview>;
  /** What is known of a learner; every part is null for one who is not known. */
  learner(learner: string): Promise<LearnerWindows>;
  /** What a cohort uses. */
  trend(cohort: string): Promise<CohortUse>;
  /** What was decided for a learner lately. */
  readonly decisions?: (learner: string) => Promise<LearnerDecisions>;
  /** The versions that run beside live ones, or did until they were promoted. */
  readonly replays?: () => Promise<ConsoleReplays>;
  /** Compares the results of a topology's replay with the live ones, which reads both; null where there is no replay. */
  readonly difference?: (topology: string) => Promise<ReplayDifference | Absence | null>;
  /** What a registry of models keeps. */
  readonly models?: () => Promise<ConsoleModels>;
  /** What could not be processed. */
  readonly deadLetters?: () => Promise<ConsoleDeadLetters>;
}

/** Topologies and topics as they are now. */
export interface ConsoleOverview extends Partial<Absence> {
  /** By name, then version. */
  readonly topologies: readonly ConsoleTopology[];
  /** Those that the topologies read or write, by name. */
  readonly topics: readonly ConsoleTopic[];
}

/** A topology version and how it is doing. */
export interface ConsoleTopology {
  /** `name@version`. */
  readonly id: string;
  readonly name: string;
  readonly version: number;
  /** Empty where the topology has none. */
  readonly description: string;
  readonly tasks: number;
  /** Logical names of the topics that it reads, its internal ones left out; by name. */
  readonly reads: readonly string[];
  /** Logical names of the topics that it writes, its internal ones left out; by name. */
  readonly writes: readonly string[];
  /** Records taken per second of this machine's time, lately; null until there are two figures to compare. */
  readonly recordsPerSecond: number | null;
  /** Records sent per second of this machine's time, lately, dead letters included; null until there are two figures to compare. */
  readonly sentPerSecond: number | null;
  /** Records that wait, over all partitions of its sources, markers included. */
  readonly lag: number;
  /** Event time up to which every task has seen everything, ms since epoch; null before the first watermark, and when all input is over. */
  readonly watermarkMs: number | null;
  /** All its input is over and every window closed. */
  readonly ended: boolean;
  /** Records that came behind their window, since the topology first ran. */
  readonly late: number;
  /** Records sent to the dead letters since the topology first ran. */
  readonly deadLetters: number;
  /** Its parts: the tasks of each read the same topics. In the order of the topology. */
  readonly parts: readonly ConsolePart[];
}

/** The tasks of a topology that read the same topics, one for each partition. */
export interface ConsolePart {
  /** From 0. */
  readonly index: number;
  readonly tasks: number;
  /** Logical names, internal ones included. */
  readonly reads: readonly string[];
  /** Records taken per second, lately; null until there are two figures to compare. */
  readonly recordsPerSecond: number | null;
  /** Records that wait, markers included. */
  readonly lag: number;
  /** Event time up to which every task has seen everything, ms since epoch; null before the first watermark, and when all input is over. */
  readonly watermarkMs: number | null;
  /** The partition for whose task most records wait; null where none waits. */
  readonly slowest: number | null;
}

/** A topic and how it is doing. */
export interface ConsoleTopic {
  /** Logical name. */
  readonly name: string;
  readonly partitions: number;
  /** Whether one of the topologies writes it: then it carries watermark markers, too, often more of them than records. */
  readonly written: boolean;
  /** Offsets given out per second of this machine's time, lately; null until there are two figures to compare. */
  readonly appendedPerSecond: number | null;
  /** Offsets that its partitions have given out so far: records and markers, removed ones included. */
  readonly appended: number;
  /** Offsets that wait for those who read it: a partition counts once, as far as the slowest of them is. Null where none of the topologies reads it. */
  readonly lag: number | null;
  /**
   * Event time up to which those who read it have seen it, or up to which it is written where nobody does, ms since epoch; null before the first
   * watermark, and when it has ended.
   */
  readonly watermarkMs: number | null;
}

/** An instant of event time for which values hold, ms since epoch. */
export interface AsOf {
  readonly asOfMs: number;
}

/** The windows behind a learner's recommendations. */
export interface LearnerWindows extends Partial<Absence> {
  readonly learner: string;
  /** Courses, segment, availability, consent. */
  readonly context: (ContextDetails & AsOf) | null;
  readonly engagement: (FeatureDetails & AsOf) | null;
  readonly mastery: (MasteryDetails & AsOf) | null;
}

/** What a cohort uses. */
export interface CohortUse extends Partial<Absence> {
  readonly cohort: string;
  /** Null where nothing is known of it. */
  readonly trend: CohortTrend | null;
}

/** What was decided for a learner lately. */
export interface LearnerDecisions extends Partial<Absence> {
  readonly learner: string;
  /** Newest first, as far back as the log has them: the topic of recommendations keeps the last one for ever, and those before it for a while. */
  readonly decisions: readonly ConsoleDecision[];
  /** Decisions whose features were logged, one for each course; newest first. Of a sample of the decisions, as the topology says. */
  readonly logged: readonly LoggedDecision[];
}

/** A decision: the lists of all courses of a learner. */
export interface ConsoleDecision {
  /** Event time, ms since epoch. */
  readonly madeAtMs: number;
  /** Of the model, or of the rule. */
  readonly modelVersion: string;
  readonly topologyVersion: number;
  /** Empty outside experiments. */
  readonly variant: string;
  readonly courses: readonly {
    readonly course: string;
    /** The first items of each list, best first. */
    readonly next: readonly DecidedItem[];
    readonly new: readonly DecidedItem[];
  }[];
}

/** An item of a list as it was decided. */
export interface DecidedItem {
  readonly item: string;
  readonly source: string;
  /** In English. */
  readonly reasons: readonly string[];
}

/** What a decision saw of one course. */
export interface LoggedDecision {
  readonly decisionId: string;
  /** Event time, ms since epoch. */
  readonly decidedAtMs: number;
  readonly modelVersion: string;
  readonly course: string;
  /** Whether the last places of its lists were drawn. */
  readonly explored: boolean;
  /** Candidates that were weighed. */
  readonly weighed: number;
  /** In the order of the values. */
  readonly features: readonly { readonly name: string; readonly unit: string; readonly description: string }[];
  /** The best of the candidates, best first. */
  readonly candidates: readonly WeighedCandidate[];
}

/** A candidate with what the ranker saw of it. */
export interface WeighedCandidate {
  readonly item: string;
  readonly source: string;
  /** Place in the list `next`, from 1; null where it is not in it. */
  readonly nextPlace: number | null;
  /** Place in the list `new`, from 1; null where it is not in it. */
  readonly newPlace: number | null;
  /** For the list `next`. */
  readonly score: number;
  /** Probability with which the policy lists it at this place of `next`; 0 where it is not listed. */
  readonly propensity: number;
  readonly values: readonly number[];
}
