/** What the page shows of replays, models and dead letters. None of it is about a learner, but for what is marked so. */
import type { Absence } from './consoleAbsence.js';

/** The versions that run beside live ones. */
export interface ConsoleReplays extends Partial<Absence> {
  /** By name of their topology. */
  readonly replays: readonly ConsoleReplay[];
}

/** A replay of a topology, and how far it is. */
export interface ConsoleReplay {
  readonly topology: string;
  /** `name@number`. */
  readonly replay: string;
  /** What was live when it began, `name@number`. */
  readonly live: string;
  /** `running` until it was at the end of the log once; `promoted` once its results are served; `dropping` while the version that lost is deleted. */
  readonly status: 'running' | 'caught-up' | 'promoted' | 'dropping';
  /** Only results of this event time are made anew, ms since epoch: from, to. Null for all. */
  readonly range: readonly [number, number] | null;
  /** Offsets that its sources hold now: records and markers. */
  readonly records: number;
  /** Those that it has taken, or passed over. */
  readonly taken: number;
  /** Records that the live version has taken and it has not. */
  readonly behind: number;
  /** Lately; null until there are two figures to compare. */
  readonly recordsPerSecond: number | null;
  /** Until it is at the end of the log, at that rate; null where that cannot be told. */
  readonly remainingSeconds: number | null;
  /** Logical names of the topics that hold its results, and of those that it is compared with. */
  readonly results: readonly { readonly live: string; readonly shadow: string }[];
}

/** How the results of a replay differ from the live ones. */
export interface ReplayDifference {
  readonly replay: string;
  readonly live: string;
  /** When they were compared, ms since epoch. */
  readonly comparedAtMs: number;
  /** Top-level fields that may differ. */
  readonly ignored: readonly string[];
  /** Keys that differ as a share of all, 0 to 1. */
  readonly share: number;
  readonly topics: readonly {
    /** Logical name. */
    readonly topic: string;
    readonly same: number;
    /** Only the replay has them. */
    readonly added: number;
    /** Only the live version has them. */
    readonly removed: number;
    readonly changed: number;
    /** Some of them. Keys may be learners. */
    readonly examples: readonly DifferenceExample[];
  }[];
}

/** A key whose results differ. */
export interface DifferenceExample {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly key: string;
  /** Event time of the result, ms since epoch, where a key has one for each; else null. */
  readonly eventTimeMs: number | null;
  /** Top-level fields that differ, where both sides have a value. */
  readonly fields: readonly string[];
}

/** What a registry of models keeps. */
export interface ConsoleModels {
  /** What ranks where that does not come from the registry, such as `the demo model`; null where the registry says it, or nobody knows. */
  readonly ranking: string | null;
  /** Code of what keeps the registry from answering; what it said last is shown meanwhile. */
  readonly trouble: string | null;
  /** Newest first, the last ones. */
  readonly versions: readonly ConsoleModel[];
  /** Moves of the aliases, newest first, the last ones. */
  readonly moves: readonly ConsoleMove[];
}

/** A registered version of the model. */
export interface ConsoleModel {
  readonly number: string;
  /** What its bundle says of itself, and what lists name as their model. */
  readonly bundleVersion: string;
  readonly region: string;
  /** Ms since epoch. */
  readonly createdAtMs: number;
  /** Event time up to which it was trained, ms since epoch; null where that was not said. */
  readonly trainedUntilMs: number | null;
  /** Such as `production`. */
  readonly aliases: readonly string[];
  /** What the gates found; null where they were not asked. */
  readonly gates: ConsoleGates | null;
}

/** What the gates found of a version. */
export interface ConsoleGates {
  readonly status: string;
  /** When they were asked, ms since epoch; null where that was not kept. */
  readonly atMs: number | null;
  /** Number of the version that it was compared with; null where that was the order that was shown. */
  readonly champion: string | null;
  readonly checks: readonly {
    readonly name: string;
    /** `passed`, `failed` or `skipped`. */
    readonly status: string;
    readonly value: string | null;
    readonly bound: string | null;
    readonly reason: string | null;
  }[];
}

/** An alias was moved. */
export interface ConsoleMove {
  readonly alias: string;
  /** Number of the version; null for none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Ms since epoch. */
  readonly atMs: number;
  readonly by: string;
  readonly reason: string | null;
}

/** What could not be processed. */
export interface ConsoleDeadLetters extends Partial<Absence> {
  /** Letters that the log has. */
  readonly total: number;
  /** Records that were sent back to where they came from. */
  readonly sentBack: number;
  /** Most first. */
  readonly byCode: readonly { readonly code: string; readonly count: number }[];
  /** The last ones, newest first. */
  readonly letters: readonly ConsoleDeadLetter[];
}

/** A record that could not be processed; never its bytes. */
export interface ConsoleDeadLetter {
  /** Source topic, partition and offset, topology and stage. */
  readonly id: string;
  readonly code: string;
  /** `name@version`; null where no topology read it. */
  readonly topology: string | null;
  /** Operator that failed; null where the record never reached one. */
  readonly stage: string | null;
  /** Physical name. */
  readonly sourceTopic: string;
  /** Event time, ms since epoch; null where it cannot be told. */
  readonly eventTimeMs: number | null;
  /** When it was written, ms since epoch. */
  readonly writtenAtMs: number;
  /** When its record was sent back, ms since epoch; null when it was not. */
  readonly sentBackAtMs: number | null;
  /** Key of the record, which may be a learner; null where it has none, and for who may see nothing of learners. */
  readonly key: string | null;
  /** Message for people, which may name a learner; null for who may see nothing of learners. */
  readonly reason: string | null;
}
