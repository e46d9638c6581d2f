/** Reads the clickstream of the Open University Learning Analytics data set as events in the order of their time. */
import type { Click, Opened } from '../../schemas/index.js';
import { assertOptions, DEFAULT_REGION, type OuladOptions } from './choice.js';
import { CLICK_COLUMNS, ClickRows, type ClickColumn } from './clickRows.js';
import type { ClickNumbers } from './clickColumns.js';
import { CsvFile } from './csvFile.js';
import { ROWS_PER_BATCH } from './csvRows.js';
import { EMPTY_SUMMARY, type OuladSummary, type RejectedRow } from './summary.js';

const DAY_MS = 86_400_000;

/** How far an import is. It first reads the whole file, then hands the events out. */
export interface OuladProgress {
  readonly phase: 'reading' | 'emitting';
  /** Unit: bytes on disk. */
  readonly bytesRead: number;
  /** Unit: bytes on disk. */
  readonly bytesTotal: number;
  readonly rowsRead: number;
  /** Events handed out; 0 while reading. */
  readonly eventsEmitted: number;
  /** Events to hand out; grows while reading. */
  readonly eventsTotal: number;
}

/** What to read, and into which region. */
export interface OuladClickOptions extends OuladOptions {
  /** Called after each batch, in the reader's own turn: keep it short. */
  readonly onProgress?: ((progress: OuladProgress) => void) | undefined;
}

/** What one step gives. Steps with rejected rows come while the file is read, those with events after it. */
export interface OuladBatch {
  /** At most 5,000 events in ascending event time; rows of one day in file order. */
  readonly events: readonly Opened<Click>[];
  /** Rows that became no event, in file order. */
  readonly rejected: readonly RejectedRow[];
}

/** The clicks of a folder. Each iteration reads the file anew. */
export interface OuladClicks extends AsyncIterable<OuladBatch> {
  /** The counts of the latest iteration, final once its first events came or it ended. */
  readonly summary: OuladSummary;
}

/**
 * Reads `studentVle.csv` or `studentVle.csv.gz`: each sound row becomes one OPEN of its item by its learner at midnight
 * UTC of `date` days after the presentation's day 0, as `oulad-<row number>`, whatever the options choose. Rows that are
 * malformed or name an unknown presentation are handed out as `rejected`. Nothing is dropped: the summary adds up.
 *
 * Events of all presentations come interleaved by calendar, so the rows are held meanwhile: 28 bytes for each row chosen
 * (21 MB for the 753,564 of the part, 298 MB for the 10,655,280 of the whole data set) and some 100 for each learner and item.
 *
 * @example
 * const clicks = readOuladClicks(folder, { module: 'AAA', untilDay: 60 });
 * for await (const { events, rejected } of clicks) await append(events, rejected);
 * console.log(clicks.summary.accepted);
 *
 * @throws SFS_IMPORT_OPTION, SFS_REGION_INVALID at once; the iteration throws SFS_IMPORT_MISSING, SFS_IMPORT_HEADER,
 * SFS_IMPORT_CORRUPT (before the first event) and SFS_IMPORT_UNREADABLE
 * @see https://doi.org/10.1038/sdata.2017.171
 */
export function readOuladClicks(folder: string, options: OuladClickOptions = {}): OuladClicks {
  assertOptions(options);
  let rows: ClickRows | null = null;
  return {
    get summary() {
      return rows?.summary() ?? EMPTY_SUMMARY;
    },
    async *[Symbol.asyncIterator]() {
      const file = await CsvFile.find(folder, 'studentVle', CLICK_COLUMNS);
      rows = new ClickRows(file.path, options);
      yield* read(file, rows, options);
      yield* emit(file, rows, options);
    },
  };
}

async function* read(file: CsvFile<ClickColumn>, rows: ClickRows, options: OuladClickOptions): AsyncGenerator<OuladBatch> {
  let rowsRead = 0;
  for await (const batch of file.batches()) {
    const rejected = rows.add(batch);
    rowsRead += batch.count;
    options.onProgress?.(progressOf('reading', file, rows, rowsRead, 0));
    if (rejected.length > 0) yield { events: [], rejected };
  }
}

// Nothing to wait for: other work of the process gets its turn when the consumer awaits something real, such as an append.
function* emit(file: CsvFile<ClickColumn>, rows: ClickRows, options: OuladClickOptions): Generator<OuladBatch> {
  const { rowsRead } = rows.summary();
  const order = rows.kept.orderByDay();
  for (let at = 0; at < order.length; at += ROWS_PER_BATCH) {
    const events = eventsOf(rows, order.subarray(at, at + ROWS_PER_BATCH), options.region ?? DEFAULT_REGION);
    options.onProgress?.(progressOf('emitting', file, rows, rowsRead, at + events.length));
    yield { events, rejected: [] };
  }
}

function progressOf(
  phase: OuladProgress['phase'],
  file: CsvFile<ClickColumn>,
  rows: ClickRows,
  rowsRead: number,
  eventsEmitted: number,
): OuladProgress {
  return { phase, bytesRead: file.bytesRead, bytesTotal: file.sizeBytes, rowsRead, eventsEmitted, eventsTotal: rows.kept.length };
}

function eventsOf(rows: ClickRows, places: Uint32Array, region: string): Opened<Click>[] {
  const events = new Array<Opened<Click>>(places.length);
  const click: ClickNumbers = { day: 0, course: 0, learner: 0, item: 0, clicks: 0, row: 0 };
  for (let i = 0; i < places.length; i++) {
    rows.kept.read(places[i]!, click);
    events[i] = eventOf(rows, click, region);
  }
  return events;
}

function eventOf(rows: ClickRows, click: ClickNumbers, region: string): Opened<Click> {
  const { course, cohort } = rows.presentations.all[click.course]!;
  return {
    eventId: `oulad-${click.row}`,
    learner: rows.learners.at(click.learner),
    course: course!,
    cohort: cohort!,
    occurredAtMs: click.day * DAY_MS,
    region,
    personal: { action: 'OPEN', item: rows.items.at(click.item), dwellMs: 0, clicks: click.clicks },
  };
}
