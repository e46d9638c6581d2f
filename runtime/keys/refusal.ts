/** What a commit holds of owners who are refused, and what becomes of it. */
import { SkillForgeError, type Refusals, type Sealing } from '../../schemas/index.js';
import { isKeyOfLearner } from '../../schemas/learnerKeys.js';
import type { LogRecord, OutputRecord, QueueWrite, StateWrite } from '../ports.js';

/** A pseudonym that a gateway gave: nothing else is called so, and it counts as a part of any key. */
const RANDOM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PARTS = /[\0|]/;

/** Tells what is of refused owners. Until anybody is refused each question costs a look at an empty list. */
export class Refusal {
  constructor(
    private readonly refusals: Refusals,
    private readonly sealing: Pick<Sealing, 'learnerOf' | 'options'>,
  ) {}

  /** Without records of refused owners. What deletes something of theirs stays. */
  records(records: readonly OutputRecord[]): readonly OutputRecord[] {
    return records.some((record) => this.isRefused(record)) ? records.filter((record) => !this.isRefused(record)) : records;
  }

  /** With rows of refused owners as deletions. */
  rows(rows: readonly StateWrite[]): readonly StateWrite[] {
    return rows.map((row) => (row.value !== null && this.ownsRow(row.key) ? { ...row, value: null } : row));
  }

  /** With timers of refused owners as deletions. */
  timers(timers: readonly QueueWrite[]): readonly QueueWrite[] {
    return timers.map((timer) => (timer.payload !== null && this.ownsRow(timer.tiebreak) ? { ...timer, payload: null } : timer));
  }

  /** The record as one that nobody can read, where it is of a refused owner: tasks pass over it, and count it. */
  input(topic: string, record: LogRecord): LogRecord {
    const { offset, appendTimeMs, key, value, header } = record;
    if (key === null || value === null || !this.ownsKey(topic, key.toString())) return record;
    return { offset, appendTimeMs, key, value, header, unopened: erased() };
  }

  private isRefused({ topic, key, value, owner }: OutputRecord): boolean {
    if (value === null) return false;
    if (owner !== undefined && this.refusals.includes(owner)) return true;
    if (key !== null && this.ownsKey(topic, key.toString())) return true;
    const failed = this.sealing.learnerOf(topic, value);
    return failed !== null && this.refusals.includes(failed);
  }

  /** An item, or a cohort, may be called as a learner is. */
  private ownsKey(topic: string, key: string): boolean {
    const names = PARTS.test(key) ? [key, ...key.split(PARTS)] : [key];
    return names.some((name) => this.refusals.includes(name) && isKeyOfLearner(topic, key, name, this.sealing.options.schemaDocument(topic)));
  }

  /** Keys of rows and timers are not declared: a part of one counts where it can be nothing else. */
  private ownsRow(key: string): boolean {
    if (!PARTS.test(key)) return this.refusals.includes(key);
    return [key, ...key.split('\0'), ...key.split(PARTS).filter((part) => RANDOM.test(part))].some((name) => this.refusals.includes(name));
  }
}

const erased = (): SkillForgeError => new SkillForgeError('SFS_KEY_DELETED', 'the record is of a learner who was erased');
