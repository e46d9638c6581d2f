/** What learners do, one step after the other: they open an item, view it, dwell on it, complete it, open the next. */
import type { ClickAction, ItemId } from '../../schemas/index.js';
import { hourOfWeek } from './habits.js';
import type { SyntheticOptions } from './options.js';
import { Popularity } from './popularity.js';
import { Population, type Learner } from './population.js';
import type { SeededRandom } from './random.js';

const WEEK_MS = 604_800_000;
const MINUTES_PER_DAY = 1_440;
/** As many sessions at once as events in a minute, so that a session moves every minute or so. */
const MAX_OPEN_SESSIONS = 4_096;
/** Each step may be the last one: sessions have four events on average. */
const END_CHANCE = 0.25;
/** Who did nothing for so long begins anew. */
const MAX_PAUSE_MS = 1_800_000;

/** One step of a learner. */
export interface Step {
  readonly learner: Learner;
  readonly item: ItemId;
  readonly action: ClickAction;
  /** Unit: ms; 0 unless the action is DWELL. */
  readonly dwellMs: number;
  readonly clicks: number;
}

interface Session {
  readonly learner: Learner;
  item: ItemId;
  isCompleted: boolean;
  lastMs: number;
}

/** The sessions that are open at a time. */
export class Sessions {
  readonly #population: Population;
  readonly #popularity: Popularity;
  readonly #open: (Session | undefined)[];

  constructor(
    private readonly random: SeededRandom,
    private readonly options: SyntheticOptions,
  ) {
    this.#population = new Population(random, options);
    this.#popularity = new Popularity(random, options.items);
    const size = Math.min(MAX_OPEN_SESSIONS, Math.ceil(options.clicksPerDay / MINUTES_PER_DAY));
    this.#open = new Array<Session | undefined>(size).fill(undefined);
  }

  /** The next step of any learner; `timeMs` never descends. */
  step(timeMs: number): Step {
    const slot = this.random.below(this.#open.length);
    const session = this.#open[slot];
    const isOver = session === undefined || timeMs - session.lastMs > MAX_PAUSE_MS || this.random.chance(END_CHANCE);
    if (isOver) return this.#begin(slot, timeMs);
    const sinceMs = timeMs - session.lastMs;
    session.lastMs = timeMs;
    return session.isCompleted ? this.#openItem(session, timeMs) : this.#proceed(session, sinceMs);
  }

  #begin(slot: number, timeMs: number): Step {
    const learner = this.#population.draw(this.#weekOf(timeMs), hourOfWeek(timeMs));
    const item = this.#popularity.draw(learner.courseNumber, this.#weekOf(timeMs));
    this.#open[slot] = { learner, item, isCompleted: false, lastMs: timeMs };
    return { learner, item, action: 'OPEN', dwellMs: 0, clicks: 1 };
  }

  #openItem(session: Session, timeMs: number): Step {
    const { learner } = session;
    session.item = this.#popularity.draw(learner.courseNumber, this.#weekOf(timeMs));
    session.isCompleted = false;
    return { learner, item: session.item, action: 'OPEN', dwellMs: 0, clicks: 1 };
  }

  #proceed(session: Session, sinceMs: number): Step {
    const { learner, item } = session;
    const chosen = this.random.unit();
    if (chosen < 0.5) return { learner, item, action: 'VIEW', dwellMs: 0, clicks: 1 + this.random.below(4) };
    // Nobody dwells for longer than since the step before.
    if (chosen < 0.8) return { learner, item, action: 'DWELL', dwellMs: Math.max(1, sinceMs), clicks: 1 };
    session.isCompleted = true;
    return { learner, item, action: 'COMPLETE', dwellMs: 0, clicks: 1 };
  }

  #weekOf(timeMs: number): number {
    return Math.floor((timeMs - this.options.startMs) / WEEK_MS);
  }
}
