import { Looking } from '../looking.js';
import type { StateSize, TaskAccess } from '../ports.js';

/** Between two looks at whether a task is due, ms. */
const LOOK_MS = 5_000;
/** Each task is asked so often, ms; soon after it was opened more often, as it may have nothing yet. */
const DUE_MS = 60_000;

interface SizedTask {
  readonly topology: string;
  readonly ask: () => Promise<StateSize>;
  size: StateSize | null;
  /** When it is asked next, by the clock of the process, ms. */
  dueAtMs: number;
  /** How long it is not asked after that, ms. */
  waitMs: number;
}

/** What the tasks of this process take in a store elsewhere, asked for once a minute, one task after the other: stores at hand tell nothing. */
export class StateSizes {
  private readonly tasks = new Map<TaskAccess, SizedTask>();

  constructor(
    private readonly lookMs = LOOK_MS,
    private readonly dueMs = DUE_MS,
  ) {}

  /** A task was opened. Returns what is to be called when it is closed. */
  watch(access: TaskAccess, topology: string): () => void {
    if (access.size !== undefined)
      this.tasks.set(access, { topology, ask: () => access.size!(), size: null, dueAtMs: -Infinity, waitMs: Math.min(this.lookMs, this.dueMs) });
    return () => void this.tasks.delete(access);
  }

  /** Begins to ask. Returns what ends it. */
  begin(): () => void {
    const looking = new Looking(this.lookMs, () => this.look());
    looking.begin();
    return () => void looking.close();
  }

  /** Sums of the tasks of a topology whose size is known; `null` where none is. */
  of(topology: string): StateSize | null {
    const known = [...this.tasks.values()].flatMap((task) => (task.topology === topology && task.size !== null ? [task.size] : []));
    if (known.length === 0) return null;
    const sum = (figure: keyof StateSize): number => known.reduce((total, size) => total + size[figure], 0);
    return { rows: sum('rows'), timers: sum('timers'), bytes: sum('bytes') };
  }

  private async look(): Promise<void> {
    for (const task of this.tasks.values()) {
      const nowMs = performance.now();
      if (nowMs < task.dueAtMs) continue;
      task.dueAtMs = nowMs + task.waitMs;
      task.waitMs = Math.min(2 * task.waitMs, this.dueMs);
      // A store that does not answer fails the task itself; here its last size stays.
      task.size = await task.ask().catch(() => task.size);
    }
  }
}
