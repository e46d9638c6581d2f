/**
 * What the page shows beside recommendations: a port of the reader's, because it knows nothing of the runtime. Whoever runs the
 * topologies implements it. Everything here survives JSON unchanged; the page reads it with these types.
 */
import type { CohortTrend, ContextDetails, FeatureDetails, MasteryDetails } from '../schemas/generated/types.js';

/** Where the page has its figures from. They are taken when somebody asks: a source costs nothing while nobody looks. */
export interface ConsoleSource {
  /** The topologies, the topics between them, and how both are doing. */
  overview(): ConsoleOverview | Promise<ConsoleOverview>;
  /** What is known of a learner; every part is null for one who is not known. */
  learner(learner: string): Promise<LearnerWindows>;
  /** What a cohort uses; null where nothing is known of it. */
  trend(cohort: string): Promise<CohortTrend | null>;
}

/** Topologies and topics as they are now. */
export interface ConsoleOverview {
  /** By name, then version. */
  readonly topologies: readonly ConsoleTopology[];
  /** Those that the topologies read or write, by name. */
  readonly topics: readonly ConsoleTopic[];
  /** A sentence for people that says why there are no figures and no windows of learners, where this source has none. */
  readonly absent?: string;
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
}

/** An instant of event time for which values hold, ms since epoch. */
export interface AsOf {
  readonly asOfMs: number;
}

/** The windows behind a learner's recommendations. */
export interface LearnerWindows {
  readonly learner: string;
  /** Courses, segment, availability, consent. */
  readonly context: (ContextDetails & AsOf) | null;
  readonly engagement: (FeatureDetails & AsOf) | null;
  readonly mastery: (MasteryDetails & AsOf) | null;
}
