/** A log of events in memory that keeps what the real ones keep: one writer under each name, and the number of its last batch. */
import type { EventLog, NumberedLog, ReaderEvent } from '../../reader/index.js';
import { SkillForgeError } from '../../schemas/index.js';

interface Named {
  epoch: number;
  last: number;
}

const fenced = (): SkillForgeError => new SkillForgeError('SFS_FENCED', 'another one writes under this name');
export const away = (): SkillForgeError => new SkillForgeError('SFS_BROKER_UNAVAILABLE', 'no broker answers', { retriable: true });

export class NumberedLogs implements EventLog {
  readonly events: ReaderEvent[] = [];
  readonly names = new Map<string, Named>();
  /** Whether it keeps no numbers, as no log may do. */
  forgets = false;
  /** Fails, or waits, before anything is done. */
  before: (call: 'open' | 'append') => Promise<void> = () => Promise.resolve();
  /** The same after the events are in. */
  after: () => Promise<void> = () => Promise.resolve();

  async open(name: string): Promise<NumberedLog> {
    await this.before('open');
    const { epoch, last } = this.take(name);
    return { last, append: (number, events) => this.append(name, epoch, number, events), close: () => Promise.resolve() };
  }

  /** Shuts out who had the name. */
  take(name: string): Named {
    const named = this.names.get(name) ?? { epoch: 0, last: 0 };
    this.names.set(name, named);
    named.epoch++;
    return this.forgets ? { ...named, last: 0 } : { ...named };
  }

  async append(name: string, epoch: number, number: number, events: readonly ReaderEvent[]): Promise<void> {
    await this.before('append');
    const named = this.names.get(name)!;
    if (named.epoch !== epoch) throw fenced();
    this.events.push(...events);
    named.last = number;
    await this.after();
  }

  get ids(): string[] {
    return this.events.map(({ value: { eventId } }) => eventId);
  }
}

/** What was done by a learner. */
export const feedbackOf = (eventId: string, learner = 'ada'): ReaderEvent => {
  const heading = {
    eventId,
    learner,
    course: 'AAA-2014J',
    cohort: 'c1',
    occurredAtMs: 1_413_800_000_000,
    region: 'eu-west',
    experiment: '',
    variant: '',
  };
  const personal = { exposureId: '', kind: 'OPENED', list: 'NEXT', item: 'n1', position: 0 };
  return { topic: 'feedback', value: { ...heading, personal } } as unknown as ReaderEvent;
};
