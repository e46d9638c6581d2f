/** The presentations of the time: only those are kept. */
import type { Calendar } from './calendar.js';
import type { Layout } from './layout.js';
import { Presentation } from './presentation.js';

/** Makes presentations when they are asked for. Memory: two rounds of each course. */
export class Presentations {
  private readonly kept = new Map<number, Presentation[]>();

  constructor(
    private readonly seed: number,
    private readonly layout: Layout,
    private readonly calendar: Calendar,
  ) {}

  /** A round of a course, both 0 first; rounds ascend, but for the one before. */
  of(course: number, round: number): Presentation {
    const rounds = this.kept.get(course) ?? [];
    const known = rounds.find((one) => one.round === round);
    if (known !== undefined) return known;
    const made = new Presentation(this.seed, course, round, this.layout, this.calendar);
    this.kept.set(course, [...rounds.filter((one) => one.round >= round - 1), made]);
    return made;
  }

  /** The round of a course that runs at an instant. */
  at(course: number, timeMs: number): Presentation {
    return this.of(course, this.calendar.roundAt(course, timeMs));
  }
}
