/** Reads recommendations over HTTP: a small client for programs, with what it has read kept by its tag. */
import { SkillForgeError, errorMessageOf, type ErrorCode } from '../schemas/index.js';
import type { AnsweredItem, ListName, Question, Served } from './answer.js';
import { eventsIn } from './eventSource.js';
import { shardOf } from './shard.js';
import type { Notice } from './notice.js';
import type { SentExposure, SentFeedback } from './http/eventShapes.js';

/** How to reach a reader; in brackets the defaults. */
export interface HttpClientOptions {
  /** Such as `https://reader.example.org`. Where readers share the learners: the address of each shard, the first one first. */
  readonly url: string | readonly string[];
  /** API key or token, or what gives one for each request (none). */
  readonly credential?: string | (() => string | Promise<string>);
  /** Longest wait for an answer, ms (2,000). */
  readonly timeoutMs?: number;
  /** Answers that are kept, so that one which has not changed is not sent again (1,000); 0 for none. */
  readonly keep?: number;
}

/** An answer for a learner as it is sent: instants are ISO 8601. */
export interface HttpAnswer {
  readonly learner: string;
  readonly list: ListName;
  readonly served: Served;
  readonly variant: string;
  readonly madeAt: string | null;
  readonly validUntil: string | null;
  readonly model: string | null;
  readonly topologyVersion: number | null;
  readonly region: string;
  /** Courses whose part of the list is what is popular in them, because people paused them; absent where there are none. */
  readonly pausedCourses?: readonly string[];
  /** To be shown with the list: what people have to know of it. */
  readonly notice: Notice;
  readonly items: readonly AnsweredItem[];
}

/** An answer for a segment as it is sent. */
export type HttpSegmentAnswer = Omit<HttpAnswer, 'learner' | 'list' | 'variant' | 'pausedCourses'> & {
  readonly course: string;
  readonly segment: string;
};

/** What was shown; what may be left out has a default. */
export type ExposureEvent = Omit<SentExposure, 'experiment' | 'variant' | 'propensities'> &
  Partial<Pick<SentExposure, 'experiment' | 'variant' | 'propensities'>>;

/** What a learner did; what may be left out has a default. */
export type FeedbackEvent = Omit<SentFeedback, 'experiment' | 'variant' | 'exposureId'> &
  Partial<Pick<SentFeedback, 'experiment' | 'variant' | 'exposureId'>>;

/** A change that a stream told. */
export interface HttpChange {
  /** Gives it to {@link RecommendationHttpClient.changes} to go on after it. */
  readonly id: string;
  readonly answer: HttpAnswer;
}

interface Kept {
  readonly tag: string;
  readonly body: unknown;
}

/**
 * Asks a reader over HTTP. Problem documents become errors with their code, `retriable` where asking again may help.
 * @example
 * const client = new RecommendationHttpClient({ url: 'http://127.0.0.1:8787', credential: process.env.READER_KEY });
 * const { items } = await client.get('learner-7', { limit: 5 });
 */
export class RecommendationHttpClient {
  private readonly kept = new Map<string, Kept>();

  /** Addresses of the shards, without a slash at the end; one where nothing is shared. */
  private readonly urls: readonly string[];

  constructor(private readonly options: HttpClientOptions) {
    this.urls = [options.url].flat().map((url) => url.replace(/\/$/, ''));
  }

  /** What to recommend to a learner. @throws SFS_READER_UNAVAILABLE; the code of a problem document */
  async get(learner: string, question: Question = {}): Promise<HttpAnswer> {
    return (await this.read(`${this.urlOf(learner)}${pathOf(learner)}${queryOf(question)}`)) as HttpAnswer;
  }

  /** What the learners of a segment use most. @param segment - `all` for the whole course. @throws as {@link get} */
  async getSegment(course: string, segment: string, { limit, exclude }: Pick<Question, 'limit' | 'exclude'> = {}): Promise<HttpSegmentAnswer> {
    return (await this.read(
      `${this.urls[0]!}/v1/segments/${encodeURIComponent(`${course}|${segment}`)}/recommendations${queryOf({ limit, exclude })}`,
    )) as HttpSegmentAnswer;
  }

  /** The same question for up to 100 learners, in their order. @throws as {@link get} */
  async getBatch(learners: readonly string[], question: Question = {}): Promise<readonly HttpAnswer[]> {
    const parts = new Map<string, string[]>();
    for (const learner of learners) {
      const url = this.urlOf(learner);
      parts.set(url, [...(parts.get(url) ?? []), learner]);
    }
    const answered = await Promise.all([...parts].map(([url, some]) => this.getPart(url, some, question)));
    const byLearner = new Map(answered.flat().map((answer) => [answer.learner, answer]));
    return learners.map((learner) => byLearner.get(learner)!);
  }

  private async getPart(url: string, learners: readonly string[], question: Question): Promise<readonly HttpAnswer[]> {
    const { answers } = (await this.post(`${url}/v1/recommendations/batch`, { learners, ...question })) as {
      readonly answers: readonly HttpAnswer[];
    };
    return answers;
  }

  /** Says what was shown; resolves to how many were taken, durably. @throws as {@link get}; after SFS_READER_UNAVAILABLE the same events may be sent again */
  async sendExposures(events: readonly ExposureEvent[]): Promise<number> {
    return ((await this.post(`${this.urls[0]!}/v1/exposures`, { events })) as { readonly written: number }).written;
  }

  /** Says what learners did. @throws as {@link sendExposures} */
  async sendFeedback(events: readonly FeedbackEvent[]): Promise<number> {
    return ((await this.post(`${this.urls[0]!}/v1/feedback`, { events })) as { readonly written: number }).written;
  }

  /**
   * The answer, and each one after it, until the reader or `signal` ends it. Whoever wants to go on calls again, with the id of the last one.
   * @param lastId - of the last change that the caller has
   * @throws as {@link get}
   */
  async *changes(learner: string, question: Question = {}, signal?: AbortSignal, lastId?: string): AsyncGenerator<HttpChange, void, undefined> {
    const headers = { ...(await this.headers()), ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
    const asked = this.fetched(`${this.urlOf(learner)}${pathOf(learner)}/changes${queryOf(question)}`, { headers, ...(signal && { signal }) });
    const response = await asked.catch((error: unknown) => {
      if (signal?.aborted === true) return null;
      throw error;
    });
    if (response === null) return;
    if (response.status !== 200 || response.body === null) throw await problemIn(response);
    try {
      for await (const { id, data } of eventsIn(response.body)) yield { id, answer: JSON.parse(data) as HttpAnswer };
    } catch (cause) {
      if (signal?.aborted !== true) throw unavailable(errorMessageOf(cause), cause);
    }
  }

  /** Where a learner is asked for. */
  private urlOf(learner: string): string {
    return this.urls[this.urls.length === 1 ? 0 : shardOf(learner, this.urls.length)]!;
  }

  private async read(url: string): Promise<unknown> {
    const known = this.kept.get(url);
    const headers = { ...(await this.headers()), ...(known === undefined ? {} : { 'if-none-match': known.tag }) };
    const response = await this.inTime(url, { headers });
    if (response.status === 304 && known !== undefined) return this.remember(url, known);
    const body = await bodyOf(response);
    const tag = response.headers.get('etag');
    return tag === null ? body : this.remember(url, { tag, body });
  }

  private async post(url: string, body: object): Promise<unknown> {
    const headers = { ...(await this.headers()), 'content-type': 'application/json' };
    return bodyOf(await this.inTime(url, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  /** The newest is last: the first one goes when there are too many. */
  private remember(url: string, kept: Kept): unknown {
    this.kept.delete(url);
    this.kept.set(url, kept);
    if (this.kept.size > (this.options.keep ?? 1_000)) this.kept.delete(this.kept.keys().next().value!);
    return kept.body;
  }

  private async headers(): Promise<Record<string, string>> {
    const { credential } = this.options;
    if (credential === undefined) return {};
    return { authorization: `Bearer ${typeof credential === 'string' ? credential : await credential()}` };
  }

  private inTime(url: string, init: RequestInit): Promise<Response> {
    return this.fetched(url, { ...init, signal: AbortSignal.timeout(this.options.timeoutMs ?? 2_000) });
  }

  private async fetched(url: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (cause) {
      throw unavailable(errorMessageOf(cause), cause);
    }
  }
}

const pathOf = (learner: string): string => `/v1/learners/${encodeURIComponent(learner)}/recommendations`;

function queryOf({ exclude, ...rest }: Question): string {
  const named = Object.entries({ ...rest, exclude: exclude?.join(',') }).filter(([, value]) => value !== undefined && value !== '');
  return named.length === 0 ? '' : `?${new URLSearchParams(named.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

/** The body of a good answer. @throws SFS_READER_UNAVAILABLE, and the code of a problem document */
async function bodyOf(response: Response): Promise<unknown> {
  // 202: events that are on the disk of the reader, and will be in the log.
  if (response.status !== 200 && response.status !== 202) throw await problemIn(response);
  try {
    return await response.json();
  } catch (cause) {
    throw unavailable(errorMessageOf(cause), cause);
  }
}

async function problemIn(response: Response): Promise<SkillForgeError> {
  const { status } = response;
  const { code, detail } = await response.json().then(
    (problem) => (problem ?? {}) as { readonly code?: unknown; readonly detail?: unknown },
    () => ({ code: undefined, detail: undefined }),
  );
  if (typeof code !== 'string' || !code.startsWith('SFS_')) return unavailable(`it answers with ${status}, and not as a reader does`);
  const retryAfter = response.headers.get('retry-after');
  const context = { status, ...(retryAfter === null ? {} : { retryAfterSeconds: Number(retryAfter) }) };
  return new SkillForgeError(code as ErrorCode, String(detail), { retriable: status === 429 || status === 503, context });
}

const unavailable = (why: string, cause?: unknown): SkillForgeError =>
  new SkillForgeError('SFS_READER_UNAVAILABLE', `the reader cannot be reached: ${why}`, { retriable: true, cause });
