/** Replays of a folder, or of a region on servers, as the page shows them: how far they are, and how their results differ. */
import type { ConsoleReplay, ConsoleReplays, ReplayDifference } from '../../reader/consoleSource.js';
import type { TopologyGraph } from '../../operators/graph.js';
import { positionsOf, recordsBehind } from '../../runtime/replay/positions.js';
import type { ReplayView } from '../../runtime/replay/replayPlace.js';
import { replayState, resultTopics, versionedName, type Replay } from '../../runtime/replay/replayState.js';
import { errorCodeOf } from '../../schemas/index.js';
import { diffOf } from '../commands/replayDiff.js';
import { replayId } from '../commands/replayPlaces.js';
import { Fresh } from './fresh.js';
import { Rates } from './rates.js';
import { rangesOf } from './readings.js';

/** Figures are taken anew after this time, ms, however many look. */
const FRESH_MS = 500;
/** What was compared is told for so long again, ms: comparing reads all results of both versions. */
const COMPARED_MS = 30_000;
/** Examples of each kind and topic. */
const EXAMPLES = 3;
/** Differs with every version. */
const IGNORED = ['topologyVersion'];

const PREFIX = 'replays/';

/** Clocks, ms; in brackets the defaults. */
export interface ReplayClocks {
  /** One that never goes back (that of the process). */
  readonly now?: (() => number) | undefined;
  /** By which comparisons are dated (`Date.now`). */
  readonly wallMs?: () => number;
}

interface Compared {
  readonly result: Promise<ReplayDifference | null>;
  /** When it was done; `null` while it goes on. */
  doneMs: number | null;
}

/** Looks at the replays that this process, or others, run. */
export class ReplayFigures {
  private readonly now: () => number;
  private readonly wallMs: () => number;
  private readonly rates: Rates;
  private readonly latest: Fresh<ConsoleReplays>;
  /** By the id of the replay. */
  private readonly compared = new Map<string, Compared>();
  /** Comparisons run one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly view: ReplayView,
    { now = () => performance.now(), wallMs = Date.now }: ReplayClocks = {},
  ) {
    this.now = now;
    this.wallMs = wallMs;
    this.rates = new Rates(now);
    this.latest = new Fresh(() => this.take(), FRESH_MS, now);
  }

  /** All replays of the region that have not been dropped. */
  replays(): Promise<ConsoleReplays> {
    return this.latest.get();
  }

  /** How the results of a topology's replay differ from the live ones; `null` where it has none whose results are there. */
  difference(topology: string): Promise<ReplayDifference | null> {
    const replay = this.topologies().includes(topology) ? replayState(this.view.documents, topology).replay : null;
    if (replay === null) return Promise.resolve(null);
    const id = replayId(replay);
    const known = this.compared.get(id);
    if (known !== undefined && (known.doneMs === null || this.now() - known.doneMs < COMPARED_MS)) return known.result;
    const result = this.last.then(() => this.compare(topology));
    const compared: Compared = { result, doneMs: null };
    this.compared.set(id, compared);
    const isDone = (found: ReplayDifference | null): void => {
      if (found === null) this.compared.delete(id);
      else compared.doneMs = this.now();
    };
    this.last = result.then(isDone, () => isDone(null));
    return result;
  }

  /** Those that have, or had, a replay. */
  private topologies(): string[] {
    return this.view.documents.names(PREFIX).map((name) => name.slice(PREFIX.length));
  }

  private async take(): Promise<ConsoleReplays> {
    const replays: Omit<ConsoleReplay, 'recordsPerSecond' | 'remainingSeconds'>[] = [];
    for (const topology of this.topologies()) {
      const { replay } = replayState(this.view.documents, topology);
      if (replay !== null) replays.push(await this.progressOf(topology, replay));
    }
    this.rates.sample(new Map(replays.map(({ replay, taken }) => [replay, taken])));
    return { replays: replays.map((one) => ({ ...one, ...this.paceOf(one) })) };
  }

  private paceOf({ replay, status, records, taken }: Pick<ConsoleReplay, 'replay' | 'status' | 'records' | 'taken'>) {
    const recordsPerSecond = this.rates.perSecond(replay);
    const isRunning = status === 'running' || status === 'caught-up';
    const hasPace = isRunning && recordsPerSecond !== null && recordsPerSecond > 0;
    return { recordsPerSecond, remainingSeconds: hasPace ? (records - taken) / recordsPerSecond : null };
  }

  private async progressOf(topology: string, replay: Replay): Promise<Omit<ConsoleReplay, 'recordsPerSecond' | 'remainingSeconds'>> {
    const { graph, against, outputs, status, range } = replay;
    const live = `${topology}@${against.number}`;
    const kept = this.view.documents.get(`deployed/${live}`);
    return {
      topology,
      replay: replayId(replay),
      live,
      status,
      range: range === null ? null : [range.fromMs, range.toMs],
      ...(await this.takenBy(replay)),
      behind: kept === null ? 0 : await recordsBehind(this.view, graph, JSON.parse(kept.toString()) as TopologyGraph),
      results: resultTopics(graph).map((topic) => ({ live: versionedName(topic, against.outputs), shadow: versionedName(topic, outputs) })),
    };
  }

  /** Offsets that its sources hold for it, and how many of them it is past. A source that is not there yet holds none. */
  private async takenBy({ graph, ends }: Replay): Promise<Pick<ConsoleReplay, 'records' | 'taken'>> {
    const positions = await positionsOf(this.view, graph);
    const ranges = await rangesOf(
      this.view.tools,
      positions.map(({ topic }) => topic),
    );
    const places = positions.flatMap(({ topic, partition, next }) => {
      const range = ranges.get(topic)?.[partition];
      if (range === undefined) return [];
      const end = Math.min(range.end, ends?.[topic]?.[partition] ?? range.end);
      return [{ topic, partition, next: Math.max(next, range.start), start: Math.min(range.start, end), end }];
    });
    const waiting = await this.view.tools.waiting(places);
    const records = places.reduce((sum, { start, end }) => sum + end - start, 0);
    const left = places.reduce((sum, { next, end }, at) => sum + Math.max(0, Math.min(waiting[at]!, end - next)), 0);
    return { records, taken: records - left };
  }

  private async compare(topology: string): Promise<ReplayDifference | null> {
    const { replay } = replayState(this.view.documents, topology);
    if (replay === null || replay.status === 'dropping') return null;
    try {
      const found = await diffOf(this.view, topology, { ignore: IGNORED, threshold: 1, examples: EXAMPLES });
      return {
        replay: found.replay,
        live: found.live,
        comparedAtMs: this.wallMs(),
        ignored: IGNORED,
        share: found.share,
        topics: found.topics.map(({ topic, same, added, removed, changed, examples }) => ({
          ...{ topic, same, added, removed, changed },
          examples: examples.map(({ kind, key, eventTimeMs, fields }) => ({ kind, key, eventTimeMs, fields })),
        })),
      };
    } catch (error) {
      // It has just begun, or is just being dropped.
      if (errorCodeOf(error) === 'SFS_TOPIC_UNKNOWN') return null;
      throw error;
    }
  }
}
