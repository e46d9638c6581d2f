/** What learners of a presentation did up to the cut, and what they did next. */
import { decayed } from '../../operators/recommend/index.js';
import { isDay, knownPresentation } from '../oulad/refusals.js';
import { CsvFile } from '../oulad/index.js';
import { Presentations } from '../oulad/presentations.js';

/** A presentation and a day of it: everything up to the end of the day is known, nothing later. */
export interface Cut {
  /** Such as `AAA`. */
  readonly module: string;
  /** Such as `2014J`. */
  readonly presentation: string;
  /** Days since the presentation's day 0. */
  readonly day: number;
}

/** Days of the truth: those after the cut; and of the windows of the yardstick. */
const WEEK_DAYS = 7;
const COLUMNS = ['code_module', 'code_presentation', 'id_student', 'id_site', 'date'] as const;

/** What the file of clicks tells of one presentation. */
export interface OuladTruth {
  /** Items that each learner had opened by the cut, with the weight of their events: half for each 28 days of age. Everybody with an event by then. */
  readonly opened: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Items that each learner opened in the 7 days after the cut. */
  readonly after: ReadonlyMap<string, ReadonlySet<string>>;
  /** Day of the first event of each learner. */
  readonly firstDay: ReadonlyMap<string, number>;
  /** Items by number of events in the 7 days up to the cut, ties by name: the yardstick. */
  readonly popular7d: readonly string[];
  /** Items by number of events up to the cut, ties by name. */
  readonly popular: readonly string[];
}

/**
 * Reads `studentVle`. A row is one event.
 *
 * @throws SFS_IMPORT_MISSING, SFS_IMPORT_HEADER, SFS_IMPORT_CORRUPT, SFS_IMPORT_UNREADABLE
 */
export async function readTruth(folder: string, cut: Cut): Promise<OuladTruth> {
  const reading = new TruthReading(cut.day);
  const file = await CsvFile.find(folder, 'studentVle', COLUMNS);
  const presentations = new Presentations();
  for await (const rows of file.batches()) {
    const { columns } = rows;
    for (let row = 0; row < rows.count; row++) {
      if (rows.problem(row) !== null) continue;
      const of = knownPresentation(presentations.of(rows, row));
      if ('code' in of || of.module !== cut.module || of.presentation !== cut.presentation) continue;
      const date = rows.integer(row, columns.date);
      // What the import refuses is no event here, either.
      if (!isDay(date) || rows.isEmpty(row, columns.id_student) || rows.isEmpty(row, columns.id_site)) continue;
      reading.add(rows.text(row, columns.id_student), rows.text(row, columns.id_site), date);
    }
  }
  return reading.truth();
}

class TruthReading {
  private readonly opened = new Map<string, Map<string, number>>();
  private readonly after = new Map<string, Set<string>>();
  private readonly firstDay = new Map<string, number>();
  private readonly week = new Map<string, number>();
  private readonly ever = new Map<string, number>();

  constructor(private readonly cutDay: number) {}

  add(learner: string, item: string, day: number): void {
    const { cutDay } = this;
    if (day > cutDay + WEEK_DAYS) return;
    if (day > cutDay) return addTo(this.after, learner, item);
    const own = this.opened.get(learner) ?? new Map<string, number>();
    this.opened.set(learner, own.set(item, (own.get(item) ?? 0) + decayed(1, cutDay - day)));
    this.firstDay.set(learner, Math.min(day, this.firstDay.get(learner) ?? day));
    this.ever.set(item, (this.ever.get(item) ?? 0) + 1);
    if (day > cutDay - WEEK_DAYS) this.week.set(item, (this.week.get(item) ?? 0) + 1);
  }

  truth(): OuladTruth {
    const { opened, after, firstDay, week, ever } = this;
    return { opened, after, firstDay, popular7d: mostFirst(week), popular: mostFirst(ever) };
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}

const mostFirst = (counts: ReadonlyMap<string, number>): string[] =>
  [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([item]) => item);
