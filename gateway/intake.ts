/** Takes events in: pseudonyms, repeats, and the order of writes by which a crash neither loses nor doubles an event. */
import {
  LocalSchemaIds,
  type SkillForgeError,
  errorCodeOf,
  physicalTopicName,
  rightsRequestKey,
  topicCodec,
  type LearnerId,
  type Opened,
  type RightsOutcome,
  type SchemaIds,
  type TopicCodec,
} from '../schemas/index.js';
import { elsewhereError } from './admission.js';
import type { EventLog, LoggedEvent } from './eventLog.js';
import type { HomeRegister } from './homeRegister.js';
import type { IdentityMap } from './identityMap.js';
import { WRITTEN_TOPICS, writtenTopic, type NewEvent, type WrittenTopic } from './newEvent.js';
import { contentDigest, isOtherContent, receivedKey, type ReceivedEvent, type ReceivedEvents } from './receivedEvents.js';
import { atIndex, refusal } from './refusal.js';

/** What an intake works with; all of it stays the caller's. */
export interface IntakeParts {
  readonly region: string;
  readonly log: EventLog;
  readonly identities: IdentityMap;
  readonly received: ReceivedEvents;
  /** Where learners are at home; those of whom it knows nothing are so here from their first event on (none). */
  readonly homes?: HomeRegister;
  /** Where ids of schemas come from (those of this package). */
  readonly schemas?: SchemaIds;
  /** Clock, ms since epoch. */
  readonly now?: () => number;
  /** Called when another process has taken this gateway's place in the log: nothing is taken any more, and this process is to end. */
  readonly onLost?: (error: unknown) => void;
}

/** What became of the events of a request. */
export interface Taken {
  readonly written: number;
  /** That had come before, with the same content. */
  readonly repeated: number;
}

interface Waiting {
  readonly events: readonly NewEvent[];
  readonly done: (taken: Taken) => void;
  readonly failed: (error: unknown) => void;
}

interface Prepared {
  readonly records: LoggedEvent[];
  readonly received: ReceivedEvent[];
  readonly taken: Map<Waiting, Taken>;
}

/** Events of one batch, more or less: larger ones keep others waiting. */
const BATCH_EVENTS = 2_000;

/**
 * One batch at a time, made of all requests that wait: identities noted first, then the log, then the answers. A batch that the log did not
 * take for certain is settled before the next one: what it holds is either in the log, or forgotten.
 */
export class Intake {
  private readonly codecs: Readonly<Record<WrittenTopic, TopicCodec<unknown>>>;
  private readonly names: Readonly<Record<WrittenTopic, string>>;
  private waiting: Waiting[] = [];
  private working: Promise<void> | null = null;
  /** Whether the log took the last batch is not known. */
  private inDoubt = true;
  private lost: SkillForgeError | null = null;

  /** @throws SFS_REGION_INVALID */
  constructor(private readonly parts: IntakeParts) {
    const { region, schemas = LocalSchemaIds.withAccepted() } = parts;
    this.names = ofTopics((name) => physicalTopicName(region, name));
    this.codecs = ofTopics((name) => topicCodec(writtenTopic(name), schemas));
  }

  /**
   * Compares what is remembered with the log: to be called once, before {@link take}.
   * @throws SFS_REGION_MISMATCH where what is remembered is of another region; SFS_GATEWAY_STORE
   */
  async settle(): Promise<void> {
    await this.parts.received.settleIn(this.parts.region);
    await this.parts.received.forgetAfter(this.parts.log.last);
    // What an earlier process of this gateway had begun is known by now, too.
    await this.parts.homes?.end();
    this.inDoubt = false;
  }

  /** Whether events can be taken. Where the last batch is in doubt, it is settled first: nobody sends events to what says that it is not ready. */
  async isReady(): Promise<boolean> {
    if (this.inDoubt && this.working === null && this.lost === null) await (this.working = this.work());
    return !this.inDoubt && this.lost === null;
  }

  /**
   * Resolves when all of it is in the log, durably. @throws SFS_LEARNER_UNKNOWN for a request of one whom nobody knows; SFS_EVENT_CONFLICT when an event came before with other content (none of the
   * request is written then); what the log and the stores throw: then it is not certain whether it was written, and a retry tells
   */
  take(events: readonly NewEvent[]): Promise<Taken> {
    const taken = new Promise<Taken>((done, failed) => this.waiting.push({ events, done, failed }));
    this.working ??= this.work();
    return taken;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  private async work(): Promise<void> {
    try {
      // Requests of the same turn come together.
      await Promise.resolve();
      // Its outcome is what the next request, or probe, finds.
      if (this.waiting.length === 0) await this.assertWritable().catch(() => undefined);
      while (this.waiting.length > 0) await this.answer(this.nextGroup());
    } finally {
      this.working = null;
    }
  }

  private async answer(group: readonly Waiting[]): Promise<void> {
    try {
      await this.write(group);
    } catch (error) {
      group.forEach(({ failed }) => failed(error));
    }
  }

  private nextGroup(): Waiting[] {
    let count = 0;
    const end = this.waiting.findIndex(({ events }) => (count += events.length) >= BATCH_EVENTS);
    return this.waiting.splice(0, end < 0 ? this.waiting.length : end + 1);
  }

  private async write(group: readonly Waiting[]): Promise<void> {
    await this.assertWritable();
    try {
      const here = await this.atHomeNow(group);
      const learners = await this.learnersOf(here);
      const prepared = await this.written(await this.settled(here, learners), learners);
      for (const [{ done }, taken] of prepared.taken) done(taken);
    } finally {
      // As long as it is in doubt it may still come to be in the log.
      if (!this.inDoubt) void this.parts.homes?.end();
    }
  }

  private async written(group: readonly Waiting[], learners: ReadonlyMap<string, LearnerId>): Promise<Prepared> {
    for (;;) {
      const prepared = this.prepare(group, learners);
      // Else events were brought from another gateway meanwhile: some of these may have come there.
      if (prepared.records.length === 0 || (await this.append(prepared))) return prepared;
    }
  }

  private async assertWritable(): Promise<void> {
    if (this.lost !== null) throw this.lost;
    if (!this.inDoubt) return;
    await this.unlessLost(async () => {
      // Before the log is taken over: a process that has lost the files must not take the log from their new owner.
      this.parts.received.assertOwned();
      await this.parts.log.recover();
      await this.settle();
    });
  }

  /** Whether it was written; if not, what was prepared does not hold any more. */
  private async append({ records, received }: Prepared): Promise<boolean> {
    const { log } = this.parts;
    const batch = log.last + 1;
    let isNoted = false;
    try {
      await this.unlessLost(async () => {
        isNoted = await this.parts.received.note(batch, received, this.now());
        if (isNoted) await log.append(batch, records);
      });
      return isNoted;
    } catch (error) {
      this.inDoubt = true;
      throw error;
    }
  }

  /** Another process may have this gateway's place: nothing that is decided here would hold then. */
  private async unlessLost(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (errorCodeOf(error) === 'SFS_FENCED') this.lose(error as SkillForgeError);
      throw error;
    }
  }

  private lose(error: SkillForgeError): void {
    this.lost = error;
    this.parts.onLost?.(error);
  }

  private async learnersOf(group: readonly Waiting[]): Promise<Map<string, LearnerId>> {
    const { identities } = this.parts;
    const doing = identitiesOf(group, (event) => !isRequest(event));
    const pseudonyms = await identities.pseudonymsOf(doing);
    const learners = new Map(doing.map((identity, at) => [identity, pseudonyms[at]!]));
    // Of nobody who is not known there is anything to ask for: they get no pseudonym by it.
    for (const identity of identitiesOf(group, isRequest)) {
      const learner = identities.find(identity);
      if (learner !== null) learners.set(identity, learner);
    }
    return learners;
  }

  /**
   * Those that are all of learners who are at home here; the others are refused. Asked when the batch is made, since a request may have waited while a learner moved, and before
   * anybody gets a pseudonym. From here on to the end of the batch who moves somebody waits for it.
   */
  private async atHomeNow(group: readonly Waiting[]): Promise<Waiting[]> {
    const { homes, region } = this.parts;
    if (homes === undefined) return [...group];
    const identities = identitiesOf(group);
    const regions = await homes.begin(identities, region);
    const found = new Map(identities.map((identity, at) => [identity, regions[at]!]));
    return this.atHome(group, ({ identity, elsewhere }) => found.get(identity) ?? elsewhere ?? region);
  }

  private atHome(group: readonly Waiting[], homeOf: (event: NewEvent) => string): Waiting[] {
    const { region } = this.parts;
    return group.filter(({ events, failed }) => {
      const homes = events.map(homeOf);
      const index = homes.findIndex((home) => home !== region);
      if (index < 0) return true;
      const error = elsewhereError(homes[index]!, region);
      failed(events.length > 1 ? atIndex(error, index) : error);
      return false;
    });
  }

  /** Learners of whom the register knows nothing are at home here from now on, but where the gateway of another region was faster. */
  private async settled(group: readonly Waiting[], learners: ReadonlyMap<string, LearnerId>): Promise<Waiting[]> {
    const { homes, region } = this.parts;
    if (homes === undefined) return [...group];
    const residents = [...learners].map(([identity, learner]) => ({ identity, learner }));
    const regions = await homes.settle(residents, region);
    const found = new Map(residents.map(({ identity }, at) => [identity, regions[at]!]));
    return this.atHome(group, ({ identity }) => found.get(identity) ?? region);
  }

  /** Requests that cannot be taken are answered here; the others go on. */
  private prepare(group: readonly Waiting[], learners: ReadonlyMap<string, LearnerId>): Prepared {
    this.parts.received.refresh();
    const prepared: Prepared = { records: [], received: [], taken: new Map() };
    const digests = new Map<string, Buffer>();
    for (const request of group) {
      try {
        this.add(request, learners, prepared, digests);
      } catch (error) {
        request.failed(error);
      }
    }
    return prepared;
  }

  /** @param digests - of the events of this batch, by the text of their keys */
  private add(request: Waiting, learners: ReadonlyMap<string, LearnerId>, into: Prepared, digests: Map<string, Buffer>): void {
    const fresh: { readonly records: readonly LoggedEvent[]; readonly received: ReceivedEvent }[] = [];
    for (const event of request.events) {
      const learner = learners.get(event.identity);
      if (learner === undefined) throw unknownLearner();
      const value = { ...event.value, learner };
      const received = { key: receivedKey(value.eventId), digest: contentDigest([event.topic, value]) };
      const before = digests.get(received.key.toString('latin1')) ?? this.parts.received.digestOf(received.key);
      if (isOtherContent(before, received.digest)) throw conflict();
      if (before === null || before === undefined) fresh.push({ records: this.encoded(event.topic, value), received });
    }
    for (const { records, received } of fresh) {
      into.records.push(...records);
      into.received.push(received);
      digests.set(received.key.toString('latin1'), received.digest);
    }
    into.taken.set(request, { written: fresh.length, repeated: request.events.length - fresh.length });
  }

  private encoded(topic: NewEvent['topic'], value: NewEvent['value'] & { readonly learner: LearnerId }): LoggedEvent[] {
    const record = value.occurredAtMs === null ? { ...value, occurredAtMs: this.now() } : value;
    const event = this.recordOf(topic, value.learner, record);
    return topic === 'rights-requests' ? [event, this.recordOf('rights-outcomes', value.eventId, this.receivedOf(value.eventId))] : [event];
  }

  private recordOf(topic: WrittenTopic, key: string, value: unknown): LoggedEvent {
    return { topic: this.names[topic], key, value: this.codecs[topic].encode(key, value) };
  }

  /** In the same commit as the request: who is answered finds it. */
  private receivedOf(request: string): Opened<RightsOutcome> {
    const nothing = { code: null, file: null, sha256: null };
    return { request: rightsRequestKey(request), region: this.parts.region, state: 'RECEIVED', updatedAtMs: this.now(), ...nothing };
  }

  private now(): number {
    return (this.parts.now ?? Date.now)();
  }
}

const isRequest = ({ topic }: NewEvent): boolean => topic === 'rights-requests';

const identitiesOf = (group: readonly Waiting[], isMeant: (event: NewEvent) => boolean = () => true): string[] => [
  ...new Set(group.flatMap(({ events }) => events.filter(isMeant).map(({ identity }) => identity))),
];

const unknownLearner = (): SkillForgeError => refusal(404, 'SFS_LEARNER_UNKNOWN', 'nobody is known by this identity');

const conflict = (): SkillForgeError => refusal(409, 'SFS_EVENT_CONFLICT', 'an event with this identity came before, with other content');

function ofTopics<T>(make: (name: WrittenTopic) => T): Record<WrittenTopic, T> {
  return Object.fromEntries((Object.keys(WRITTEN_TOPICS) as WrittenTopic[]).map((name) => [name, make(name)])) as Record<WrittenTopic, T>;
}
