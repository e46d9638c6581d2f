/** Tells clients when what is recommended to a learner changes. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ListName, Question } from '../answer.js';
import type { RecommendationChange, RecommendationClient } from '../client.js';
import type { LearnerAnswers } from './answers.js';
import { tagOf } from './conditional.js';
import { EventStream } from './eventStream.js';

/** What a client follows. */
export interface Subscription {
  readonly learner: string;
  readonly question: Question & { readonly list: ListName };
  /** Id of the last event that the client has; `null` for none. */
  readonly lastId: string | null;
  /** Whether the client may go on; asked with each sign of life. */
  readonly isAllowed: () => Promise<boolean>;
}

/** Streams that one process keeps open at most. */
export const MOST_STREAMS = 5_000;
/** Streams that are looked at before others get their turn. */
const CHUNK = 50;

class Follower {
  readonly stream = new EventStream();
  lastId: string | null;

  constructor(readonly subscription: Subscription) {
    this.lastId = subscription.lastId;
  }
}

/**
 * Streams of answers. A change of a learner's record is sent at once; after any other change, and with each sign of life, every answer is made anew and
 * sent where it differs: so a withdrawn item, a list that has become stale and a learner who was denied are told, too.
 */
export class ChangeFeed {
  private readonly byLearner = new Map<string, Set<Follower>>();
  private readonly unsubscribe: () => void;
  private readonly timer: NodeJS.Timeout;
  private open = 0;
  private isClosed = false;
  private beating: Promise<void> | null = null;
  private isBehind = false;
  private sweep: Promise<void> | null = null;

  /** @param beatMs - between two signs of life, ms */
  constructor(
    private readonly client: RecommendationClient,
    private readonly answers: LearnerAnswers,
    beatMs: number,
  ) {
    this.unsubscribe = client.onChange((change) => this.onChange(change));
    this.timer = setInterval(() => void (this.beating ??= this.beat().finally(() => (this.beating = null))), beatMs).unref();
  }

  /** Streams that are open. */
  get size(): number {
    return this.open;
  }

  /** Whether no more streams are opened. */
  get isFull(): boolean {
    return this.isClosed || this.open >= MOST_STREAMS;
  }

  /** The stream begins with the answer as it is now, unless the client has it. @throws SFS_SHARD_OTHER */
  follow(subscription: Subscription): EventStream {
    this.client.assertHeld(subscription.learner);
    const follower = new Follower(subscription);
    const { learner } = subscription;
    const others = this.byLearner.get(learner) ?? new Set();
    this.byLearner.set(learner, others.add(follower));
    this.open++;
    follower.stream.once('close', () => {
      this.open--;
      others.delete(follower);
      if (others.size === 0 && this.byLearner.get(learner) === others) this.byLearner.delete(learner);
    });
    this.look(follower);
    return follower.stream;
  }

  /** Ends every stream: their clients ask another reader. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.timer);
    this.unsubscribe();
    for (const { stream } of this.followers()) stream.end();
  }

  private onChange(change: RecommendationChange): void {
    if (change.kind === 'learner') for (const follower of this.byLearner.get(change.learner) ?? []) this.look(follower);
    else this.lookAtAll();
  }

  /** Changes come in bursts: one look after the last of them is enough. */
  private lookAtAll(): void {
    this.isBehind = true;
    this.sweep ??= this.catchUp().finally(() => (this.sweep = null));
  }

  private async catchUp(): Promise<void> {
    while (this.isBehind && !this.isClosed) {
      this.isBehind = false;
      await this.each((follower) => void this.look(follower));
    }
  }

  private beat(): Promise<void> {
    return this.each(async (follower) => {
      if (!(await follower.subscription.isAllowed())) return follower.stream.end();
      if (!this.look(follower)) follower.stream.beat();
    });
  }

  private async each(work: (follower: Follower) => void | Promise<void>): Promise<void> {
    let done = 0;
    for (const follower of this.followers()) {
      if (this.isClosed) return;
      await work(follower);
      if (++done % CHUNK === 0) await turn();
    }
  }

  private followers(): Follower[] {
    return [...this.byLearner.values()].flatMap((some) => [...some]);
  }

  /** Sends the answer where it is another one than the client has; returns whether it did. */
  private look(follower: Follower): boolean {
    const { learner, question } = follower.subscription;
    const data = JSON.stringify(this.answers.of(learner, question));
    const id = tagOf(data).slice(1, -1);
    if (id === follower.lastId) return false;
    follower.lastId = id;
    follower.stream.send({ id, event: 'recommendations', data });
    return true;
  }
}
