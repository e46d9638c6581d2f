/** What `python -m skillforge_ml compare` prints: a candidate against its opponent, on logged decisions that neither has seen. */
import type { ListName } from '../../../operators/ports/ranker.js';
import { runTrainer } from '../../ml/python.js';

/** NDCG@10 of both, and by how much the candidate's is greater, as a share of the opponent's, with the 95 % interval of that. */
export interface Measured {
  readonly decisions: number;
  readonly learners: number;
  readonly candidate: number;
  readonly opponent: number;
  readonly difference: number;
  /** `null` where it has no bound. */
  readonly low: number | null;
  readonly high: number | null;
}

/** A group of learners: those with a value of an attribute. */
export interface MeasuredGroup {
  readonly attribute: string;
  readonly value: string;
  /** `null` where the opponent had nothing right. */
  readonly measured: Measured | null;
}

/** What was measured for a list. */
export interface ComparedList {
  /** `null` where no decision could be measured. */
  readonly measured: Measured | null;
  readonly groups: readonly MeasuredGroup[];
  /** Groups that are too small to be measured, or named. */
  readonly smallGroups: number;
}

/** How far a feature has moved since the candidate was trained. */
export interface MovedFeature {
  readonly name: string;
  /** As declared. */
  readonly type: string | null;
  readonly psi: number;
}

/** The document. */
export interface Comparison {
  readonly candidate: string;
  /** A version, or `logged`: the order that learners were shown. */
  readonly opponent: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Up to when it is known what learners used, ms. */
  readonly knownUntilMs: number;
  /** Decisions made in the range, and those of them whose week is over. */
  readonly decisions: number;
  readonly labelled: number;
  readonly lists: Readonly<Record<ListName, ComparedList>>;
  /** `null` where the bundle has no reference. */
  readonly inputs: readonly MovedFeature[] | null;
  readonly scores: Readonly<Record<ListName, number>> | null;
}

/** Which decisions are compared. */
export interface ComparedRange {
  /** Folder of a training export. */
  readonly export: string;
  /** Decisions of [from, until), ms of event time. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Compares bundles in Python.
 *
 * @param champion - `null` for the order that was logged
 * @throws SFS_PYTHON_MISSING; SFS_TRAINER_FAILED where they cannot be compared, such as a model that has seen these decisions
 */
export async function compare(
  range: ComparedRange,
  candidate: string,
  champion: string | null,
  onProgress?: (line: string) => void,
): Promise<Comparison> {
  const args = ['compare', '--export', range.export, '--from', String(range.fromMs), '--until', String(range.untilMs), '--candidate', candidate];
  return (await runTrainer([...args, ...(champion === null ? [] : ['--champion', champion])], onProgress)) as Comparison;
}
