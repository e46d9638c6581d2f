/** What the page shows of topologies and learners on Kafka and Redis: a reader needs neither for its lists, so they are opened when somebody looks. */
import type { Absence } from '../../reader/consoleSource.js';
import type { ToolAccess } from '../../runtime/ports.js';
import type { ServerOptions } from '../commands/serverOptions.js';
import { inTime } from '../../reader/patience.js';
import { absenceAfter, absenceOf, notYet } from './absence.js';
import { learnerSource, type LearnerSource } from './learnerSource.js';
import { operationSource, type OperationSource } from './operationSource.js';
import { PageServers } from './pageServers.js';

const PATIENCE_MS = 4_000;
/** Each look asks Redis for every task, and Kafka for every topic. */
const FRESH_MS = 2_000;
/** Comparing reads all results of two versions. */
const COMPARING_MS = 600_000;
/** A server may go away while something is asked of it, and a read of Kafka waits until it is there again: this looks in between. */
const LOOK_MS = 1_000;

type ServersSource = OperationSource & LearnerSource;
type Ask<T> = (source: ServersSource) => T | Promise<T>;

const LATE = Symbol('late');

/**
 * Servers that are away are no failure of the page: it says which of them it is, in the place of what they would tell. No answer takes much longer than
 * patience, but for a comparison of results, while all servers answer.
 */
export class ServersConsole {
  private readonly servers: PageServers;
  private known: { readonly of: ToolAccess; readonly source: ServersSource } | null = null;

  /** @param patienceMs - servers have so long to answer until the page is told that they do not */
  constructor(
    private readonly options: ServerOptions,
    private readonly patienceMs = PATIENCE_MS,
  ) {
    this.servers = new PageServers(options, { freshMs: FRESH_MS, patienceMs });
  }

  readonly source: ServersSource = {
    overview: () => this.orWith({ topologies: [], topics: [] }, (source) => source.overview()),
    learner: (learner) => this.orWith({ learner, context: null, engagement: null, mastery: null }, (source) => source.learner(learner)),
    trend: (cohort) => this.orWith({ cohort, trend: null }, (source) => source.trend(cohort)),
    decisions: (learner) => this.orWith({ learner, decisions: [], logged: [] }, (source) => source.decisions(learner)),
    replays: () => this.orWith({ replays: [] }, (source) => source.replays()),
    difference: (topology) => this.orAbsent((source) => source.difference(topology), COMPARING_MS),
    deadLetters: () => this.orWith({ total: 0, sentBack: 0, byCode: [], letters: [] }, (source) => source.deadLetters()),
  };

  close(): Promise<void> {
    return this.servers.close();
  }

  /** @param nothing - what there is where it cannot be told */
  private async orWith<T extends object, N extends object>(nothing: N, ask: Ask<T>): Promise<T | (N & Absence)> {
    const found = await this.orAbsent<T | Absence>(ask, this.patienceMs);
    return 'absent' in found ? { ...nothing, ...found } : found;
  }

  /** @param mostMs - the longest that it may take */
  private async orAbsent<T>(ask: Ask<T>, mostMs: number): Promise<T | Absence> {
    try {
      const away = await this.servers.away();
      if (away.size > 0) return absenceOf(away);
      return await this.inTurn(this.asked(ask), mostMs);
    } catch (error) {
      return absenceAfter(error);
    }
  }

  /** Waits for an answer, and sees meanwhile that all servers are there. */
  private async inTurn<T>(work: Promise<T>, mostMs: number): Promise<T | Absence> {
    const endMs = performance.now() + mostMs;
    for (let leftMs = mostMs; leftMs > 0; leftMs = endMs - performance.now()) {
      const found = await inTime<T, typeof LATE>(work, Math.min(LOOK_MS, leftMs), LATE);
      if (found !== LATE) return found;
      const away = await this.servers.away();
      if (away.size > 0) return absenceOf(away);
    }
    return notYet(mostMs);
  }

  private async asked<T>(ask: Ask<T>): Promise<T> {
    const tools = await this.servers.tools();
    if (this.known?.of !== tools) {
      const { region } = this.options;
      this.known = { of: tools, source: { ...operationSource(tools, { region, freshMs: FRESH_MS }), ...learnerSource(tools, region) } };
    }
    return ask(this.known.source);
  }
}
