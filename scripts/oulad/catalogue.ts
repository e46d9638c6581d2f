/** Reads `vle`: the items of each presentation. */
import { itemId, type CatalogueItem } from '../../schemas/index.js';
import { choosesPresentation, type OuladOptions } from './choice.js';
import type { CsvRows } from './csvRows.js';
import { judgeFile, knownText, type JudgedFile } from './judgedFile.js';
import { Presentations } from './presentations.js';
import { isDay, knownPresentation, malformed, REFUSALS, type KnownPresentation, type Refusal } from './refusals.js';

const DAY_MS = 86_400_000;
const COLUMNS = ['id_site', 'code_module', 'code_presentation', 'activity_type', 'week_from', 'week_to'] as const;
type Rows = CsvRows<(typeof COLUMNS)[number]>;
/** Weeks of the file begin with the course: week 0 holds its days 0 to 6. */
const WEEK_DAYS = 7;
/** Learners of the data set click up to a month before day 0 and register up to eleven months before: the catalogue stands before both. */
const DAYS_BEFORE = 365;

/** The catalogue of a folder. */
export interface Catalogue {
  readonly file: JudgedFile;
  /** In ascending time of their change; those of one presentation in file order. */
  readonly items: readonly CatalogueItem[];
}

/**
 * Reads `vle`. The file has no titles: they are made of the kind, the number and the weeks for which an item is planned. The weeks say nothing of
 * availability, as learners open items outside of them.
 *
 * @throws what {@link judgeFile} throws
 */
export async function readCatalogue(folder: string, options: OuladOptions & { readonly region: string }): Promise<Catalogue> {
  const presentations = new Presentations();
  const items: CatalogueItem[] = [];
  const file = await judgeFile(folder, 'vle', COLUMNS, (rows, row) => {
    const presentation = knownPresentation(presentations.of(rows, row));
    if ('code' in presentation) return presentation;
    const about = titleOf(rows, row);
    if ('code' in about) return about;
    if (!choosesPresentation(options, presentation)) return 'filtered';
    items.push(itemOf(about, presentation, options.region));
    return 'accepted';
  });
  return { file, items: items.sort((a, b) => a.updatedAtMs - b.updatedAtMs) };
}

interface Title {
  readonly site: string;
  readonly kind: string;
  readonly title: string;
  /** Weeks for which it is planned, from the first to the last; `null` where the file says nothing. */
  readonly weeks: readonly [from: number, to: number] | null;
}

function titleOf(rows: Rows, row: number): Title | Refusal {
  const { columns } = rows;
  const site = knownText(rows, row, columns.id_site);
  const kind = knownText(rows, row, columns.activity_type);
  if (site === null) return REFUSALS.item;
  if (kind === null) return malformed('activity_type is empty');
  const from = weekIn(rows, row, columns.week_from);
  const to = weekIn(rows, row, columns.week_to);
  if (from !== null && !isDay(from)) return malformed('week_from is not a week');
  if (to !== null && !isDay(to)) return malformed('week_to is not a week');
  const weeks = from === null && to === null ? null : ([from ?? to!, to ?? from!] as const);
  return { site, kind, title: `${kind} ${site}${weeksText(weeks)}`, weeks };
}

const weekIn = (rows: Rows, row: number, column: number): number | null => (knownText(rows, row, column) === null ? null : rows.integer(row, column));

function weeksText(weeks: Title['weeks']): string {
  if (weeks === null) return '';
  const [from, to] = weeks;
  return from === to ? `, week ${from}` : `, weeks ${from} to ${to}`;
}

function itemOf({ site, kind, title, weeks }: Title, { course, firstDay }: KnownPresentation, region: string): CatalogueItem {
  const dayMs = (day: number): number => (firstDay + day) * DAY_MS;
  return {
    item: itemId(site),
    course,
    kind,
    title,
    text: '',
    skills: [],
    prerequisites: [],
    difficulty: null,
    durationMinutes: null,
    availableFromMs: null,
    availableUntilMs: null,
    region,
    withdrawn: false,
    updatedAtMs: dayMs(-DAYS_BEFORE),
    position: null,
    plannedFromMs: weeks && dayMs(weeks[0] * WEEK_DAYS),
    plannedUntilMs: weeks && dayMs((weeks[1] + 1) * WEEK_DAYS),
  };
}
