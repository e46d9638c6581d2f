/** Answers as they were sent, for who asks again: the same lists need neither be made nor written anew. */
import { toldOf, type Answer, type Question, type Told } from '../answer.js';
import { isBasis, type Basis, type Look } from '../look.js';
import { AskedBefore } from './askedBefore.js';
import { tagOf } from './conditional.js';

/** An answer in writing. */
export interface SentAnswer {
  /** Text: Node joins it to the headers, and would send bytes as a piece of their own, which costs a tenth of all. */
  readonly body: string;
  /** For the header `etag`. */
  readonly tag: string;
  readonly told: Told;
}

/** The answer itself is not among it: what lives for a while is what a collector of garbage has to move and to mark, and these are few objects. */
interface KeptAnswer extends SentAnswer {
  readonly basis: Basis;
}

/** What makes answers: a client of the view. */
export interface AnswerSource {
  look(learner: string, question: Question): Look;
  answer(look: Look, question: Question): Answer;
  now(): number;
  /** Nothing is kept of sealed records. */
  readonly isSealed: boolean;
}

/** Answers of a generation: some 3 KB each. */
const MOST_KEPT = 4_096;
/** Age of a generation, ms: what nobody asks for again does not stay in memory for longer than two. */
const GENERATION_MS = 300_000;

/**
 * Keeps answers that are a learner's own list, by the address that asked. One is sent again only where all that it was made of is as it was: the bytes of the
 * record, the catalogue, what people decided, and whether the list is stale. Two generations bound it: what is used moves to the young one, the old one is dropped
 * when the young one is full or aged. What is asked for the first time is not kept: of many learners most would not ask again in time. A request costs the same
 * however many are kept.
 */
export class KeptAnswers {
  private young = new Map<string, KeptAnswer>();
  private old = new Map<string, KeptAnswer>();
  private readonly before = new AskedBefore();
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
  of(address: string, learner: string, question: Question, written: (answer: Answer) => string): SentAnswer {
    const look = this.source.look(learner, question);
    const kept = this.found(address);
    if (kept !== undefined && isBasis(look, kept.basis) && this.isAsFresh(kept.told)) return kept;
    const answer = this.source.answer(look, question);
    const body = written(answer);
    const sent = { told: answer, body, tag: tagOf(body) };
    if (this.isKeepable(look, answer) && this.before.add(address)) this.keep(address, { ...sent, told: toldOf(answer), basis: basisOf(look) });
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

  private keep(address: string, kept: KeptAnswer): void {
    if (this.young.size >= this.most) this.age();
    this.young.set(address, kept);
  }

  private age(): void {
    this.old = this.young;
    this.young = new Map();
    this.youngSinceMs = performance.now();
  }

  /** Made of the learner's record alone: a list of others in it may change without it. */
  private isKeepable({ override }: Look, { served, pausedCourses }: Answer): boolean {
    return override === null && !this.source.isSealed && (served === 'personal' || served === 'stale') && pausedCourses === undefined;
  }

  private isAsFresh({ served, validUntilMs }: Told): boolean {
    return this.source.now() < validUntilMs! === (served === 'personal');
  }
}

/** An own list has a record. */
const basisOf = ({ record, oversight, catalogueAt }: Look): Basis => ({ record: record!, oversight, catalogueAt });
