/** Rates between looks: nothing is measured while nobody looks. */

/** Between two samples at least, ms. */
const APART_MS = 800;
/** Rates are over this span at most, ms: tasks commit in bursts. */
const SPAN_MS = 5000;
/** After a pause of this length, ms, the figures before it say nothing of now. */
const FORGET_MS = 10_000;

interface Sample {
  readonly atMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

/** Turns counters that only grow into rates over the last seconds. */
export class Rates {
  private samples: Sample[] = [];

  /** @param now - any clock that never goes back, ms */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Takes the counters as they are now, unless it did so a moment ago. */
  sample(counts: ReadonlyMap<string, number>): void {
    const atMs = this.now();
    const lastMs = this.samples.at(-1)?.atMs ?? -Infinity;
    if (atMs - lastMs < APART_MS) return;
    const kept = this.samples.filter((sample) => atMs - sample.atMs <= SPAN_MS);
    // The last one stays even if it is older than the span: there must be two.
    if (kept.length === 0 && atMs - lastMs <= FORGET_MS) kept.push(this.samples.at(-1)!);
    this.samples = [...kept, { atMs, counts }];
  }

  /** Growth of a counter per second; `null` before there are two samples that have it, and where it went back. */
  perSecond(name: string): number | null {
    const newest = this.samples.at(-1);
    const oldest = this.samples.find(({ counts }) => counts.has(name));
    if (newest === undefined || oldest === undefined || oldest === newest) return null;
    const growth = (newest.counts.get(name) ?? NaN) - oldest.counts.get(name)!;
    return growth >= 0 ? (growth * 1000) / (newest.atMs - oldest.atMs) : null;
  }
}
