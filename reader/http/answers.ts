/** Answers as they are sent. */
import type { Answer, ListName, Question, Told } from '../answer.js';
import type { RecommendationClient } from '../client.js';
import { noticeOf } from '../notice.js';
import { KeptAnswers, type SentAnswer } from './keptAnswers.js';

/** What a request says of a learner's list. */
export interface LearnerQuery {
  readonly list: ListName;
  readonly course?: string;
  readonly segment?: string;
  readonly limit: number;
  /** Items with commas between. */
  readonly exclude?: string;
  readonly explain: boolean;
  readonly profiling: boolean;
}

/** A question that says which list. */
type AskedList = Question & { readonly list: ListName };

/** The question of a query. Field by field: the object of a parsed query is slow to copy. */
export const questionOf = ({ list, course, segment, limit, exclude, explain, profiling }: LearnerQuery): AskedList => ({
  list,
  course,
  segment,
  limit,
  exclude: exclude?.split(','),
  explain,
  profiling,
});

/** What is wrong with a question as a whole; `null` for nothing. */
export const questionTrouble = ({ segment, profiling }: Pick<Question, 'segment' | 'profiling'>): string | null =>
  profiling === false && segment !== undefined ? 'a segment is a profile, too: it does not go together with profiling=false' : null;

/** Makes answers for learners. */
export class LearnerAnswers {
  private readonly kept: KeptAnswers;

  constructor(
    private readonly client: RecommendationClient,
    /** Whose data the answers are. */
    readonly region: string,
    /** @param elapsedMs - what it took to find the answer */
    private readonly onAnswer: (told: Told, learner: string, elapsedMs: number) => void = () => undefined,
  ) {
    this.kept = new KeptAnswers(client);
  }

  /** The body of the answer for one learner. @throws SFS_KEY_INVALID for an empty id */
  of(learner: string, question: AskedList): object {
    const beganMs = performance.now();
    const answer = this.client.get(learner, question);
    this.onAnswer(answer, learner, performance.now() - beganMs);
    return this.body(learner, question, answer);
  }

  /** The same in writing, which is kept for who asks again. @param address - path and query of the request */
  sent(address: string, learner: string, question: AskedList, written: (body: object) => string): SentAnswer {
    const beganMs = performance.now();
    const sent = this.kept.of(address, learner, question, (answer) => written(this.body(learner, question, answer)));
    this.onAnswer(sent.told, learner, performance.now() - beganMs);
    return sent;
  }

  /** Written down in one piece: of all that an answer costs, objects that are put together from others were a seventh. */
  private body(learner: string, { list }: AskedList, answer: Answer): object {
    const { served, madeAtMs, validUntilMs, model, topologyVersion, variant, pausedCourses, items } = answer;
    const [madeAt, validUntil, notice] = [instant(madeAtMs), instant(validUntilMs), noticeOf(served)];
    const told = { learner, list, region: this.region, served, model, topologyVersion, variant, items, notice, madeAt, validUntil };
    return pausedCourses === undefined ? told : { ...told, pausedCourses };
  }
}

/** The answer for a segment as it is sent: instants as ISO 8601. */
export function spoken({ madeAtMs, validUntilMs, ...answer }: Answer): object {
  return { ...answer, madeAt: instant(madeAtMs), validUntil: instant(validUntilMs), notice: noticeOf(answer.served) };
}

const instant = (timeMs: number | null): string | null => (timeMs === null ? null : new Date(timeMs).toISOString());
