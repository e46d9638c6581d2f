/** What serves while the loop goes on: the topologies, which follow the registry, and the reader. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownTopologyFiles } from '../topologyFiles.js';
import { stop, type Program } from './program.js';

/** A list that a learner gets. */
export interface ServedList {
  readonly learner: string;
  /** Model that decided, as records tell it: `ranker@` and the version of its bundle. */
  readonly model: string;
}

/** What `skillforge lag` says of a task. */
interface TaskLag {
  /** `topology@version/subtopology/partition`. */
  readonly task: string;
  readonly lag: number;
  readonly watermarkMs: number | null;
}

const LONGEST_MS = 600_000;
const LOOK_MS = 250;
/** To ask for the lag is work for the servers that the topologies need. */
const LAG_LOOK_MS = 2_000;
/** Between two days, s: what a day leaves is worked on meanwhile. The events of each topic end with a clock marker, so that nothing waits for it. */
const LONGEST_PAUSE = '3600';

/** The processes that serve. */
export class Live {
  private readonly children: ChildProcess[] = [];
  private address = '';
  private ended: Error | null = null;

  constructor(private readonly program: Program) {}

  /** Starts both. @throws what they print where one ends instead */
  async start(): Promise<void> {
    const topologies = ownTopologyFiles().map(({ name }) => name);
    this.watch('run', this.program.start(['run', ...topologies, '--models', 'registry', '--idle-after', LONGEST_PAUSE, '--json']));
    const reader = this.watch('reader', this.program.start(['reader', '--clock', 'data', '--port', '0', '--json']));
    const told = once(createInterface({ input: reader.stdout! }), 'line');
    const gone = once(reader, 'exit').then(() => Promise.reject(this.ended ?? new Error('the reader has ended')));
    const [line] = (await Promise.race([told, gone])) as [string];
    gone.catch(() => undefined);
    this.address = (JSON.parse(line) as { readonly url: string }).url;
  }

  /** The list of a learner as the reader serves it; `null` where it is not theirs. */
  async listOf(learner: string): Promise<ServedList | null> {
    if (this.ended !== null) throw this.ended;
    const response = await fetch(`${this.address}/v1/learners/${learner}/recommendations`);
    if (!response.ok) return null;
    const { served, model } = (await response.json()) as { readonly served: string; readonly model: string };
    return served === 'personal' || served === 'stale' ? { learner, model } : null;
  }

  /** Waits until one of these learners is served a list that a model made. @returns the list. @throws where that takes ten minutes */
  servedBy(bundleVersion: string, learners: readonly string[]): Promise<ServedList> {
    return this.until(async () => {
      for (const learner of learners) {
        const list = await this.listOf(learner);
        if (list?.model.endsWith(`@${bundleVersion}`)) return list;
      }
      return null;
    }, `none of ${learners.length} learners was served a list of ${bundleVersion}`);
  }

  /**
   * Waits until the topologies have processed what happened before an instant, ms: a lag of 0 alone may lie between two topologies, of which the
   * second has yet to hear of what the first made.
   * @throws where that takes ten minutes
   */
  async caughtUp(untilMs: number): Promise<void> {
    const topologies = new Set(ownTopologyFiles().map(({ name }) => name));
    await this.until(
      async () => {
        const tasks = (await this.program.json('lag')) as readonly TaskLag[];
        const running = new Set(tasks.map(({ task }) => task.slice(0, task.indexOf('@'))));
        const behind = tasks.filter(({ lag, watermarkMs }) => lag > 0 || watermarkMs === null || watermarkMs < untilMs);
        return running.size === topologies.size && behind.length === 0 ? true : null;
      },
      'the topologies had not caught up',
      LAG_LOOK_MS,
    );
  }

  /** Ends both. */
  async close(): Promise<void> {
    const children = this.children.splice(0);
    await Promise.all(children.map(stop));
  }

  /** Looks again and again. @param failure - what is so where nothing was found in time */
  private async until<T>(look: () => Promise<T | null>, failure: string, everyMs = LOOK_MS): Promise<T> {
    for (const deadline = performance.now() + LONGEST_MS; performance.now() < deadline; await sleep(everyMs)) {
      if (this.ended !== null) throw this.ended;
      const found = await look();
      if (found !== null) return found;
    }
    throw new Error(`${failure} after ${LONGEST_MS / 1000} s`);
  }

  private watch(name: string, child: ChildProcess): ChildProcess {
    let told = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (told = `${told}${text}`.slice(-2_000)));
    if (name === 'run') child.stdout!.resume();
    child.once('exit', (code) => {
      if (this.children.includes(child)) this.ended = new Error(`skillforge ${name} ended with ${code}:\n${told}`);
    });
    this.children.push(child);
    return child;
  }
}
