/**
 * Sequence numbers of the records that a reader took last from one producer in one partition, without a gap: from `first` to `last`. Only of these is
 * it certain that the reader has had them. Where retention or compaction removed records there is a gap, and what is missing may come
 * later: repeated, after the one in whose favour it was removed.
 */
export interface SequenceRun {
  first: number;
  last: number;
}

/** That of a reader that has taken nothing: the first number is 1. */
export const newRun = (): SequenceRun => ({ first: 1, last: 0 });

/** True for a number that was taken: its record is there once more, because its producer went back and computed it again. */
export const isInRun = ({ first, last }: SequenceRun, number: number): boolean => number >= first && number <= last;

/** Notes that a number outside of the run was taken: it goes on, or begins anew. */
export function takeIntoRun(run: SequenceRun, number: number): void {
  if (number !== run.last + 1) run.first = number;
  run.last = number;
}
