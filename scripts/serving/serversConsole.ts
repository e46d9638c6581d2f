/** What the page shows of topologies and learners on Kafka and Redis: a reader needs neither for its lists, so they are opened when somebody looks. */
import type { ConsoleOverview, LearnerWindows } from '../../reader/consoleSource.js';
import { errorCodeOf } from '../../schemas/index.js';
import { openServers, type ServerOptions, type Servers } from '../commands/serverOptions.js';
import { learnerSource, type LearnerSource } from './learnerSource.js';
import { operationSource, type OperationSource } from './operationSource.js';
import { inTime } from '../../reader/patience.js';

const PATIENCE_MS = 4_000;
/** Each look asks Redis for every task, and Kafka for every topic. */
const FRESH_MS = 2_000;

type ServersSource = OperationSource & LearnerSource;

interface Opened {
  readonly servers: Servers;
  readonly source: ServersSource;
  refreshedMs: number;
}

/** Opens servers at the first look, and again while that fails. */
export class ServersConsole {
  private opening: Promise<Opened> | null = null;

  /** @param patienceMs - servers have so long to answer until the page is told that they do not */
  constructor(
    private readonly options: ServerOptions,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /** Servers that do not answer are no failure of the page: its overview says so, and so does what is known of a learner. */
  readonly source: ServersSource = {
    overview: () => this.orSilent<ConsoleOverview>((source) => source.overview(), { topologies: [], topics: [] }),
    learner: (learner) =>
      this.orSilent<LearnerWindows>((source) => source.learner(learner), { learner, context: null, engagement: null, mastery: null }),
    trend: (cohort) => this.asked((source) => source.trend(cohort)),
    decisions: (learner) => this.asked((source) => source.decisions(learner)),
    replays: () => this.asked((source) => source.replays()),
    difference: (topology) => this.asked((source) => source.difference(topology)),
    deadLetters: () => this.asked((source) => source.deadLetters()),
  };

  async close(): Promise<void> {
    const opened = await this.opening?.catch(() => null);
    await opened?.servers.close();
  }

  private async orSilent<T extends object>(ask: (source: ServersSource) => T | Promise<T>, nothing: T): Promise<T> {
    const silent = { ...nothing, absent: notNow('they have not answered yet') };
    try {
      return await inTime(this.asked(ask), this.patienceMs, silent);
    } catch (error) {
      return { ...silent, absent: notNow(errorCodeOf(error)) };
    }
  }

  private async asked<T>(ask: (source: ServersSource) => T | Promise<T>): Promise<T> {
    this.opening ??= this.open().catch((error: unknown) => {
      this.opening = null;
      throw error;
    });
    const opened = await this.opening;
    // What is deployed, and what is replayed, stands in documents, which others change.
    if (performance.now() - opened.refreshedMs >= FRESH_MS) {
      opened.refreshedMs = performance.now();
      await opened.servers.cluster.documents.refresh();
    }
    return ask(opened.source);
  }

  private async open(): Promise<Opened> {
    const servers = await openServers(this.options);
    const { region } = this.options;
    const tools = servers.cluster.tools();
    const source = { ...operationSource(tools, { region, freshMs: FRESH_MS }), ...learnerSource(tools, region) };
    return { servers, source, refreshedMs: performance.now() };
  }
}

const notNow = (why: string): string => `Not shown now: the servers of the topologies do not answer (${why}).`;
