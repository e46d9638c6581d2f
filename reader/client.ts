/** The client library: recommendations for programs that read the topic themselves. */
import { SkillForgeError, errorCodeOf, identityEnvelope, learnerId, topics, type EnvelopeCodec, type SchemaIds } from '../schemas/index.js';
import { MAX_LIMIT, answerFor, answerForSegment, personalItems, type Answer, type AnsweredItem, type Question } from './answer.js';
import { keptWhole, settleOlder } from './closedRows.js';
import { openDenyList, type DenyList } from './denyList.js';
import { eventRefusal } from './eventRefusal.js';
import { Follower } from './follower.js';
import { LmdbViewStore } from './lmdbViewStore.js';
import type { RecommendationLog } from './log.js';
import type { Look } from './look.js';
import { Materializer } from './materializer.js';
import { MemoryViewStore } from './memoryViewStore.js';
import type { PassEvents, RowEvent, UnusableRecord } from './passWork.js';
import type { RebuildReason } from './rebuilding.js';
import { assertInShard, shardedLog, type Shard } from './shard.js';
import { RecommendationView } from './view.js';
import { ViewSeal } from './viewSeal.js';
import { emptyHead, type ViewPlace, type ViewStore } from './viewStore.js';
import { ViewCodecs } from './viewTopics.js';

/** What a client tells of itself while it follows the log; none of it names a learner. */
export type ClientNotice =
  | { readonly kind: 'rebuild'; readonly reason: RebuildReason }
  | { readonly kind: 'unusable'; readonly record: UnusableRecord }
  | { readonly kind: 'served'; readonly topic: string }
  | { readonly kind: 'trouble'; readonly code: string; readonly error: unknown };

/** How to open a {@link RecommendationClient}; in brackets the defaults. */
export interface ClientOptions {
  /** The log of the region, such as `storage.log` of the runtime, or what its `followTopics` gives. The client only reads it, and does not close it. */
  readonly log: RecommendationLog;
  /** Region whose topics are read, such as `eu-west`. */
  readonly region: string;
  /** The part of the learners whose lists this client holds, where several share them (all). Another part in the same folder builds the view anew. */
  readonly shard?: Shard;
  /** Where the view lies: a folder of this program's own, or the memory of the process ('memory'). */
  readonly store?: ViewPlace;
  /** Event time by which a list is stale, ms since epoch (`Date.now`); 'data' takes the latest made-at of all lists. */
  readonly now?: (() => number) | 'data';
  /** Between two looks at the log, ms (100). A log that tells of appends is looked at sooner. */
  readonly pollMs?: number;
  /** Opens sealed values (none: what is sealed cannot be read). */
  readonly envelope?: EnvelopeCodec;
  /** What the ids of schemas stand for, where a registry gives them (those of this package). */
  readonly schemas?: SchemaIds;
  /** Builds the view anew from the log (false). */
  readonly rebuild?: boolean;
  readonly onNotice?: (notice: ClientNotice) => void;
}

/** What changed in the view. */
export type RecommendationChange =
  /** The lists of a learner, in the version that is served, or what a person decided about them. */
  | { readonly kind: 'learner'; readonly learner: string }
  /** The list of a segment; key `course|segment`. */
  | { readonly kind: 'segment'; readonly key: string }
  /** An item of the catalogue: it may have been withdrawn. */
  | { readonly kind: 'item'; readonly item: string }
  /** People paused, blocked or killed something, or ended that: the answers for every learner may differ. */
  | { readonly kind: 'oversight' }
  /** Another version is served: the lists of every learner may differ. */
  | { readonly kind: 'served'; readonly topic: string };

/** How far a client is. */
export interface ClientStatus {
  /** Whether it was at the end of the log once since it was opened. */
  readonly ready: boolean;
  /** Logical name of the topic that is served. */
  readonly served: string;
  /** Records, markers included, that are in the log and not in the view; `null` while the log cannot be read. */
  readonly lag: number | null;
  /** Code of what keeps it from following; `null` while all is well. What it has is served meanwhile. */
  readonly trouble: string | null;
}

/** They are counted in some ten milliseconds. */
const MOST_COUNTED = 20_000;
/** How long a start waits for the service that unwraps the key of the view, ms. */
const KEY_PATIENCE_MS = 6_000;

/** Follows the topics of recommendations into a view of its own, and answers from it without waiting. */
export class RecommendationClient {
  private readonly listeners = new Set<(change: RecommendationChange) => void>();
  private readonly view: RecommendationView;
  private readonly materializer: Materializer;
  private readonly follower: Follower;
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly options: ClientOptions,
    private readonly store: ViewStore,
    codecs: ViewCodecs,
    seal: ViewSeal,
    /** Learners who are served as unknown ones. */
    readonly denied: DenyList,
  ) {
    const { log, region, pollMs = 100 } = options;
    this.view = new RecommendationView(store, codecs, seal);
    this.materializer = new Materializer({ log, region, store, codecs, seal, events: this.events(), clock: Date.now });
    this.follower = new Follower(this.materializer, log, {
      pollMs,
      onTrouble: (error) => options.onNotice?.({ kind: 'trouble', code: errorCodeOf(error, 'SFS_VIEW_UNUSABLE'), error }),
    });
  }

  /**
   * Opens the view and begins to follow. What the view holds is served at once; {@link caughtUp} waits for the end of the log.
   * @throws SFS_VIEW_UNUSABLE; SFS_VIEW_REGION for a view of another region; SFS_REGION_INVALID; SFS_SHARD_INVALID
   */
  static async open(options: ClientOptions): Promise<RecommendationClient> {
    const client = await RecommendationClient.opened(options, true);
    client.follower.start();
    return client;
  }

  /** As {@link open}, for a single look: only {@link catchUp} reads the log. @throws SFS_KEYS_UNAVAILABLE, too, where the key of a sealed view is not at hand */
  static openStill(options: ClientOptions): Promise<RecommendationClient> {
    return RecommendationClient.opened(options, false);
  }

  /** @param mayWait - whether what is sealed may stay so for a while */
  private static async opened(given: ClientOptions, mayWait: boolean): Promise<RecommendationClient> {
    const { shard } = given;
    const options = shard === undefined ? given : { ...given, log: shardedLog(given.log, given.region, shard) };
    const place = options.store ?? 'memory';
    const store = place === 'memory' ? new MemoryViewStore() : LmdbViewStore.open(place.folder);
    try {
      const codecs = new ViewCodecs(options.region, options.envelope, options.schemas);
      const seal = new ViewSeal(() => (place === 'memory' ? null : (options.log.diskKeys?.() ?? null)));
      assertOfRegion(store, options);
      if (!seal.hasKeys) await settleOlder(store, codecs);
      if (options.rebuild === true) await empty(store, options);
      await keyAtHand(seal, store, mayWait);
      return new RecommendationClient(options, store, codecs, seal, openDenyList(place));
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /** Resolves when the view was at the end of the log once. @throws Error when the client is closed before */
  caughtUp(): Promise<void> {
    return this.follower.caughtUp;
  }

  /** Reads up to the present end of the log. @throws what the log throws; SFS_VIEW_UNUSABLE */
  async catchUp(): Promise<void> {
    while ((await this.materializer.pass()).overtaken);
  }

  /** @throws SFS_SHARD_OTHER for a learner whose lists another reader holds */
  assertHeld(learner: string): void {
    if (this.options.shard !== undefined) assertInShard(learner, this.options.shard);
  }

  /** What to recommend to a learner; an unknown one gets what is popular. @throws SFS_KEY_INVALID for an empty id; SFS_SHARD_OTHER */
  get(learner: string, question: Question = {}): Answer {
    return this.answer(this.look(learner, question), question);
  }

  /** What there is of a learner, as of now. @throws SFS_KEY_INVALID for an empty id; SFS_SHARD_OTHER */
  look(learner: string, { profiling }: Question): Look {
    learnerId(learner);
    this.assertHeld(learner);
    return this.view.look(this.denied.has(learner) ? null : learner, profiling !== false);
  }

  /** The answer by a look of the same turn. */
  answer(look: Look, question: Question): Answer {
    return answerFor(this.view, look, question, this.now());
  }

  /** Whether records are sealed: a key may be gone at any time, and nothing that was opened with it may outlive it. */
  get isSealed(): boolean {
    const { envelope = identityEnvelope } = this.options;
    return envelope !== identityEnvelope;
  }

  /** Why events of clients are not to be written now; `null` where they may be. See {@link eventRefusal}. */
  eventRefusal(): SkillForgeError | null {
    return eventRefusal(this.view.head(), this.options.log);
  }

  /** What the learners of a segment use most. @param segment - `all` for the whole course */
  getSegment(course: string, segment: string, question: Question = {}): Answer {
    return answerForSegment(this.view, course, segment, question);
  }

  /** The own items of every learner of the served version, by the bytes of their ids; those with none and denied ones are left out. */
  *all(question: Question = {}): Generator<{ readonly learner: string; readonly items: readonly AnsweredItem[] }, void, undefined> {
    const asked = { limit: MAX_LIMIT, ...question };
    for (const record of this.view.recommendations()) {
      if (this.denied.has(record.learner)) continue;
      const items = personalItems(this.view, record, asked);
      if (items.length > 0) yield { learner: record.learner, items };
    }
  }

  /** The first learners whose id begins with `prefix`, by the bytes of their ids; denied ones are left out. */
  learners(prefix: string, limit: number): string[] {
    const found: string[] = [];
    for (const learner of this.view.learners(prefix)) {
      if (found.length >= limit) break;
      if (!this.denied.has(learner)) found.push(learner);
    }
    return found;
  }

  /** Items of the catalogue that are not withdrawn; `null` where there are more than 20,000, as nothing else happens while they are counted. */
  catalogueItems(): number | null {
    return this.view.catalogueItems(MOST_COUNTED);
  }

  /**
   * Calls after each change of the view by this client; returns the unsubscriber. What another process wrote into the same folder
   * is not told.
   */
  onChange(listener: (change: RecommendationChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The clock by which lists are stale, ms since epoch. */
  now(): number {
    const { now = Date.now } = this.options;
    return now === 'data' ? (this.view.head()?.latestMadeAtMs ?? Date.now()) : now();
  }

  status(): ClientStatus {
    const { ready, trouble } = this.follower;
    return { ready, served: this.view.served(), lag: this.lag(), trouble };
  }

  /** Stops following and closes the view; the log stays open. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    await this.follower.stop();
    await this.denied.close();
    await this.store.close();
  }

  private lag(): number | null {
    try {
      return this.materializer.lag();
    } catch {
      return null;
    }
  }

  private events(): PassEvents {
    const { onNotice } = this.options;
    return {
      onRows: (rows) => this.tellRows(rows),
      onServed: (topic) => {
        onNotice?.({ kind: 'served', topic });
        this.tell({ kind: 'served', topic });
      },
      onMeasures: () => this.tell({ kind: 'oversight' }),
      onUnusable: (record) => onNotice?.({ kind: 'unusable', record }),
      onRebuild: (reason) => onNotice?.({ kind: 'rebuild', reason }),
    };
  }

  private tellRows(rows: readonly RowEvent[]): void {
    if (this.listeners.size === 0) return;
    const served = this.view.served();
    for (const { topic, key } of rows) {
      if (topic === served || topic === topics.overrides.name) this.tell({ kind: 'learner', learner: key });
      else if (topic === topics.segmentRecommendations.name) this.tell({ kind: 'segment', key });
      else if (topic === topics.catalogue.name) this.tell({ kind: 'item', item: key });
    }
  }

  private tell(change: RecommendationChange): void {
    for (const listener of this.listeners) listener(change);
  }
}

/** Unwraps the key of a sealed view. While its service is away, lists of learners are not there, and the others are. */
async function keyAtHand(seal: ViewSeal, store: ViewStore, mayWait: boolean): Promise<void> {
  const { head } = store.head();
  if (head?.wrapped === undefined) return;
  seal.follow(head);
  try {
    await seal.atHand(KEY_PATIENCE_MS);
  } catch (error) {
    if (!mayWait) throw error;
  }
}

/** @throws SFS_VIEW_REGION */
function assertOfRegion(store: ViewStore, { region }: ClientOptions): void {
  const { head } = store.head();
  if (head === null || head.region === region) return;
  throw new SkillForgeError('SFS_VIEW_REGION', `the view holds the region ${head.region}, and ${region} is asked for`, {
    context: { found: head.region, wanted: region },
  });
}

/** Empties the view. */
async function empty(store: ViewStore, options: ClientOptions): Promise<void> {
  const { head, version } = store.head();
  if (head === null) return;
  const log = options.log.identity?.() ?? null;
  const fresh = { ...emptyHead(options.region, log, Date.now()), ...(log === head.log && keptWhole(head)) };
  if (!(await store.write(version, { head: fresh, rows: [], clear: true }))) await empty(store, options);
}
