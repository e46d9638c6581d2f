/** Reads what people decided ahead of everything else: a pause does not wait until a view has caught up. */
import { measuresInText, measuresText, withMeasure, type MeasuresInForce } from '../schemas/index.js';
import { MEASURES_ROW, type ViewStore } from './viewStore.js';

/** Between two looks while the rest of the log is read, ms. */
const LOOK_MS = 500;

/** The measures of a view while it is brought up to date. */
export class MeasureReading {
  private measures: MeasuresInForce;
  private lookedMs = -Infinity;

  constructor(store: Pick<ViewStore, 'get'>) {
    this.measures = measuresInText(store.get(MEASURES_ROW)?.toString() ?? '');
  }

  /** Whether it is time to look again; says no until some time after it said yes. @param nowMs - of a clock that only goes on */
  isDue(nowMs: number): boolean {
    if (nowMs - this.lookedMs < LOOK_MS) return false;
    this.lookedMs = nowMs;
    return true;
  }

  /** Takes a measure. */
  take(measure: Parameters<typeof withMeasure>[1]): void {
    this.measures = withMeasure(this.measures, measure);
  }

  /** The row of the view. */
  row(): [key: string, value: Buffer] {
    return [MEASURES_ROW, Buffer.from(measuresText(this.measures))];
  }
}
