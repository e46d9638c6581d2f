/** Serves requests: takes what has come, does one after the other, and tells how far each is. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError, errorCodeOf, type ErrorCode, type RightsKind } from '../../../schemas/index.js';
import type { ToolAccess } from '../../../runtime/ports.js';
import { newRequests, type Request } from './newRequests.js';
import { KnownOutcomes, isSettled, outcomeOf, writeOutcomes, type Became, type MadeFile, type Outcome } from './outcomes.js';
import type { RequestsUnderWay } from './underWay.js';

/** What is told of a request. */
export interface ToldOutcome {
  readonly request: string;
  /** `null` of one that is not in the log any more. */
  readonly kind: RightsKind | null;
  readonly became: Became['state'] | 'WAITING';
  readonly code: ErrorCode | null;
  readonly file: string | null;
}

/** What requests are served with. */
export interface RightsService {
  readonly region: string;
  readonly underWay: RequestsUnderWay;
  /** Runs work on the log, without writing. */
  readonly reading: <T>(work: (tools: ToolAccess) => Promise<T>) => Promise<T>;
  /** Runs work that writes. */
  readonly writing: <T>(work: (tools: ToolAccess) => Promise<T>) => Promise<T>;
  readonly fulfil: (request: Request) => Promise<MadeFile | null>;
  /** Hears what came of each request, and, once for each reason, what one waits for. */
  readonly told: (outcome: ToldOutcome) => void;
  /** Hears of what is no request, by its place in the log. */
  readonly onUnusable: (place: string, code: ErrorCode) => void;
  readonly clock?: () => number;
}

/** When to end. */
export interface ServingEnd {
  /** Where nothing is left that has come. */
  readonly untilEnd: boolean;
  readonly stopped: AbortSignal;
}

/** Between two looks at the topic, ms. */
const LOOK_MS = 2_000;
/** A request and that it was taken are one commit, but partitions of Kafka may show the two one after the other. */
const LOST_MS = 60_000;

/**
 * Serves until it is stopped. What waits for something else (a folder that is in use, a reader that is to be stopped) is tried again, and with it whatever else the same learner asks for.
 * @throws with `untilEnd` why a request waits; what reading the topic and keeping the journal throws
 */
export async function serveRights(service: RightsService, { untilEnd, stopped }: ServingEnd): Promise<void> {
  const server = new RightsServer(service);
  while (!stopped.aborted) {
    const waits = await server.pass(stopped);
    if (untilEnd && waits !== null) throw waits;
    if (untilEnd) return;
    await sleep(LOOK_MS, undefined, { signal: stopped }).catch(() => undefined);
  }
}

class RightsServer {
  private readonly outcomes: KnownOutcomes;
  private readonly toldWaiting = new Map<string, ErrorCode>();
  private readonly clock: () => number;

  constructor(private readonly service: RightsService) {
    this.outcomes = new KnownOutcomes(service.region);
    this.clock = service.clock ?? Date.now;
  }

  /** @returns why the first request that waits does so; `null` where none does */
  async pass(stopped: AbortSignal): Promise<SkillForgeError | null> {
    try {
      await this.take();
      await this.settleLost();
    } catch (error) {
      return assertPassing(error);
    }
    let waits: SkillForgeError | null = null;
    const waiting = new Set<string>();
    for (const request of this.service.underWay.requests) {
      if (stopped.aborted) break;
      // What a learner asks for after that may be about what it leaves.
      if (waiting.has(request.learner)) continue;
      try {
        await this.serve(request);
      } catch (error) {
        waits ??= assertPassing(error);
        waiting.add(request.learner);
        this.tellWaiting(request, errorCodeOf(error));
      }
    }
    return waits;
  }

  private async take(): Promise<void> {
    const { region, underWay, reading, onUnusable } = this.service;
    const came = await reading(async (tools) => {
      await this.outcomes.follow(tools);
      return newRequests(tools, region, underWay.next, onUnusable);
    });
    underWay.take({ ...came, requests: came.requests.filter(({ id }) => !isSettled(this.outcomes.of(id))) });
  }

  /** Requests that were taken and are not in the log: who erased their learner has taken them out, or nothing was written of the learner any more. */
  private async settleLost(): Promise<void> {
    const { region, writing, told } = this.service;
    if (this.lost().length === 0) return;
    const code: ErrorCode = 'SFS_LEARNER_ERASED';
    const failed = await writing((tools) =>
      writeOutcomes(tools, region, async () => {
        await this.outcomes.follow(tools);
        return this.lost().map(({ request }) => outcomeOf(region, request, this.clock(), { state: 'FAILED', code }));
      }),
    );
    for (const outcome of failed) {
      this.outcomes.note(outcome);
      told({ request: outcome.request, kind: null, became: 'FAILED', code, file: null });
    }
  }

  private lost(): Outcome[] {
    const known = new Set(this.service.underWay.requests.map(({ id }) => id));
    const untilMs = this.clock() - LOST_MS;
    return this.outcomes.open().filter(({ request, updatedAtMs }) => !known.has(request) && updatedAtMs < untilMs);
  }

  private async serve(request: Request): Promise<void> {
    const { underWay, told } = this.service;
    const { id, kind } = request;
    const before = this.outcomes.of(id);
    if (!isSettled(before)) {
      // One that a gateway took is noted already.
      if (before === null) await this.note(id, { state: 'RECEIVED' });
      const became = await this.fulfilled(request);
      await this.note(id, became);
      const [code, made] = [became.state === 'FAILED' ? became.code : null, became.state === 'DONE' ? became.made : null];
      told({ request: id, kind, became: became.state, code, file: made?.file ?? null });
    }
    this.toldWaiting.delete(id);
    underWay.drop(id);
  }

  /** What is refused now would be refused again. */
  private async fulfilled(request: Request): Promise<Became> {
    try {
      return { state: 'DONE', made: await this.service.fulfil(request) };
    } catch (error) {
      if (!(error instanceof SkillForgeError) || error.retriable) throw error;
      return { state: 'FAILED', code: errorCodeOf(error) };
    }
  }

  private async note(id: string, became: Became): Promise<void> {
    const { region, writing } = this.service;
    const outcome = outcomeOf(region, id, this.clock(), became);
    await writing((tools) => writeOutcomes(tools, region, () => Promise.resolve([outcome])));
    this.outcomes.note(outcome);
  }

  private tellWaiting({ id, kind }: Request, code: ErrorCode): void {
    if (this.toldWaiting.get(id) === code) return;
    this.toldWaiting.set(id, code);
    this.service.told({ request: id, kind, became: 'WAITING', code, file: null });
  }
}

/** What may pass is tried again. @throws the error, where it is of another kind */
function assertPassing(error: unknown): SkillForgeError {
  if (error instanceof SkillForgeError && error.retriable) return error;
  throw error;
}
