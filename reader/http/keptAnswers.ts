/** Answers as they were sent, for who asks again: the same lists need neither be made nor written anew. */
import type { Answer, Question } from '../answer.js';
import { isSameBasis, type AnswerBasis } from '../basis.js';
import { tagOf } from './conditional.js';

/** An answer in bytes. */
export interface SentAnswer {
  readonly body: Buffer;
  /** For the header `etag`. */
  readonly tag: string;
}

interface KeptAnswer extends SentAnswer {
  readonly basis: AnswerBasis;
  readonly answer: Answer;
}

/** What makes answers: a client of the view. */
export interface AnswerSource {
  get(learner: string, question: Question): Answer;
  basis(learner: string): AnswerBasis | null;
  now(): number;
}

/** Answers of a generation: some 5 KB each. */
const MOST_KEPT = 4_096;
/** Addresses that are remembered to have been asked once. */
const MOST_ONCE = 16_384;
/** Age of a generation, ms: what nobody asks for again does not stay in memory for longer than two. */
const GENERATION_MS = 300_000;

/**
 * Keeps answers that are a learner's own list, by the address that asked. One is sent again only where all that it was made of is as it was: the bytes of the
 * record, the catalogue, what people decided, and whether the list is stale. Two generations bound it: what is used moves to the young one, the old one is dropped
 * when the young one is full or aged. What is asked for the first time is not kept: of many learners most would not ask again in time, and
 * objects that live for a while are what a collector of garbage has to move. A request costs the same however many are kept.
 */
export class KeptAnswers {
  private young = new Map<string, KeptAnswer>();
  private old = new Map<string, KeptAnswer>();
  private once = new Set<string>();
  private youngSinceMs = performance.now();

  constructor(
    private readonly source: AnswerSource,
    private readonly most = MOST_KEPT,
  ) {}

  /**
   * The answer for a learner, kept or new.
   * @param address - path and query: who asks with the same gets the same
   * @param written - its body
   * @throws SFS_KEY_INVALID for an empty id; SFS_SHARD_OTHER
   */
  of(address: string, learner: string, question: Question, written: (answer: Answer) => string): SentAnswer & { readonly answer: Answer } {
    // Who asks for a list without profiling: not even the record is looked at.
    const basis = question.profiling === false ? null : this.source.basis(learner);
    const kept = basis === null ? undefined : this.found(address);
    if (kept !== undefined && isSameBasis(kept.basis, basis) && this.isAsFresh(kept.answer)) return kept;
    const answer = this.source.get(learner, question);
    const body = Buffer.from(written(answer));
    const sent = { answer, body, tag: tagOf(body) };
    // Another process may have changed the view while the answer was made.
    if (basis !== null && isOwnList(answer) && this.isAskedAgain(address) && isSameBasis(basis, this.source.basis(learner)))
      this.keep(address, { ...sent, basis });
    return sent;
  }

  private found(address: string): KeptAnswer | undefined {
    if (performance.now() - this.youngSinceMs > GENERATION_MS) this.age();
    const kept = this.young.get(address);
    if (kept !== undefined) return kept;
    const older = this.old.get(address);
    if (older !== undefined) this.keep(address, older);
    return older;
  }

  private isAskedAgain(address: string): boolean {
    if (this.once.has(address)) return true;
    if (this.once.size >= MOST_ONCE) this.once = new Set();
    this.once.add(address);
    return false;
  }

  private keep(address: string, kept: KeptAnswer): void {
    if (this.young.size >= this.most) this.age();
    this.young.set(address, kept);
  }

  private age(): void {
    this.old = this.young;
    this.young = new Map();
    this.youngSinceMs = performance.now();
  }

  private isAsFresh({ served, validUntilMs }: Answer): boolean {
    return this.source.now() < validUntilMs! === (served === 'personal');
  }
}

/** Made of the learner's record alone: a list of others in it may change without it. */
const isOwnList = ({ served, pausedCourses }: Answer): boolean => (served === 'personal' || served === 'stale') && pausedCourses === undefined;
