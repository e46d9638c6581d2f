import type { TaskPosition } from '../ports.js';
import { offsetsBefore } from './partitionInput.js';

/**
 * Tells when a task is to commit how far it has looked, though nothing came of it: when that is much, so that it is not looked through again, and
 * when there has been nothing to do for two steps, since who measures lag looks at what is committed.
 */
export class LookedThrough {
  private rests = false;
  private stillRests = false;
  private committed: number;

  /** @param positions - of the last commit */
  constructor(positions: readonly TaskPosition[]) {
    this.committed = offsetsBefore(positions);
  }

  /** @param waits - whether the step found nothing to do any more */
  step(waits: boolean): void {
    this.stillRests = waits && this.rests;
    this.rests = waits;
  }

  /** @param most - offsets that may be looked through again after a crash */
  isFar(positions: readonly TaskPosition[], most: number): boolean {
    return offsetsBefore(positions) - this.committed >= (this.stillRests ? 1 : most);
  }

  commit(positions: readonly TaskPosition[]): void {
    this.committed = offsetsBefore(positions);
  }
}
