/** Shows how far long work is, on standard error: a bar on a terminal, else a line every few seconds, nothing with `--json`. */
import { countText, secondsText } from './output.js';

/** How far some work is. */
export interface WorkDone {
  readonly what: string;
  readonly done: number;
  /** `null` when it is not known. */
  readonly total: number | null;
  readonly unit: string;
  /** Shown at the end, such as the watermark. */
  readonly note?: string;
}

const TERMINAL_MS = 100;
const LINE_MS = 3_000;
const BAR_CELLS = 20;

/** One line that is written over; speaks only as often as its reader can follow. */
export class ProgressLine {
  private readonly isTerminal: boolean;
  private startMs = 0;
  private doneBefore = 0;
  private doneLast = 0;
  private toldMs = 0;
  private what = '';
  private told = '';
  private written = false;

  constructor(
    private readonly silent: boolean,
    private readonly stream: NodeJS.WriteStream = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.isTerminal = stream.isTTY;
  }

  /** Shows the state of the work when it is time to. Each `what` has a rate of its own. */
  update(work: WorkDone): void {
    if (this.silent) return;
    const nowMs = this.now();
    if (work.what !== this.what) this.begin(work, nowMs);
    // The next part of the same work, such as another partition, counts from 0 again.
    else if (work.done < this.doneLast) this.doneBefore -= this.doneLast - work.done;
    this.doneLast = work.done;
    if (nowMs - this.toldMs < (this.isTerminal ? TERMINAL_MS : LINE_MS)) return;
    this.toldMs = nowMs;
    if (this.isToldAlready(work)) return;
    this.write(workText(work, work.done - this.doneBefore, (nowMs - this.startMs) / 1000));
  }

  /** Ends the line; what follows is written below. */
  end(): void {
    if (this.isTerminal && this.written) this.stream.write('\r\x1b[K');
    this.written = false;
  }

  private begin(work: WorkDone, nowMs: number): void {
    this.what = work.what;
    this.startMs = nowMs;
    this.toldMs = nowMs;
    this.doneBefore = work.done;
  }

  /** A run that waits for records would otherwise fill the file that its lines go to. */
  private isToldAlready({ done, total, note }: WorkDone): boolean {
    const state = [this.what, done, total, note].join();
    const isSame = state === this.told;
    this.told = state;
    return isSame && !this.isTerminal;
  }

  private write(text: string): void {
    const columns = this.stream.columns ?? 120;
    this.stream.write(this.isTerminal ? `\r\x1b[K${text.slice(0, columns - 1)}` : `${text}\n`);
    this.written = true;
  }
}

/** The work in one line: share, amounts, rate and time left. @param advanced - part of `done` that took `seconds` */
export function workText({ what, done, total, unit, note }: WorkDone, advanced: number, seconds: number): string {
  const rate = seconds > 0 ? advanced / seconds : 0;
  const amounts = total === null ? `${countText(done)} ${unit}` : `${countText(done)} of ${countText(total)} ${unit}`;
  const parts = [amounts, `${countText(rate)}/s`];
  if (total !== null && rate > 0) parts.push(`${secondsText(Math.max(0, total - done) / rate)} left`);
  if (note !== undefined) parts.push(note);
  return `${what}  ${total === null ? '' : `${barText(done, total)} `}${parts.join(', ')}`;
}

function barText(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.round(share * BAR_CELLS);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}
