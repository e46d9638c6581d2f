/** Costs of a piece of work: processor time first, since other work of the machine does not change it much; wall time beside it. */

/** Unit of all: ns per record; the median of the runs. */
export interface Cost {
  /** User and system time of all threads of this process. */
  readonly cpuNs: number;
  readonly wallNs: number;
}

/** One run: what is measured, and what comes after. */
export interface Run {
  readonly work: () => Promise<void> | void;
  readonly after?: () => Promise<void>;
}

/** Runs of each measurement. The one before them, which is not counted, lets the compiler do its work. */
export const RUNS = 3;

/** Median cost of `RUNS` runs over `records` records each. `prepare` makes a run ready, unmeasured. */
export async function costOf(records: number, prepare: () => Promise<Run> | Run): Promise<Cost> {
  const costs: Cost[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const { work, after } = await prepare();
    const cpuBefore = process.cpuUsage();
    const wallBeforeMs = performance.now();
    await work();
    const wallMs = performance.now() - wallBeforeMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    await after?.();
    if (run > 0) costs.push({ cpuNs: ((user + system) * 1e3) / records, wallNs: (wallMs * 1e6) / records });
  }
  return { cpuNs: median(costs.map((cost) => cost.cpuNs)), wallNs: median(costs.map((cost) => cost.wallNs)) };
}

/** Records that a second of one processor, or of the clock, is enough for. */
export const perSecond = (ns: number): number => 1e9 / ns;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
