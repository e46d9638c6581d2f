/** What a test says to a process with gateways, and what that answers. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SharedHomesPlace } from '../../../scripts/gateway/sharedHomes.js';
import type { Servers } from './replica.js';

/** Who moves. */
export const ADA = 'mailto:ada@example.org';

/** A gateway that is to be opened. */
export interface DoorPlace {
  readonly servers: Servers;
  readonly region: string;
  readonly homes: SharedHomesPlace;
  readonly folder: string;
}

/** What a gateway answers. */
export interface Posted {
  readonly status: number;
  readonly region?: string;
  readonly code?: string;
  readonly written?: number;
  readonly repeated?: number;
}

/** What the process is asked to do. */
export type Call =
  | { readonly what: 'open'; readonly place: DoorPlace }
  | { readonly what: 'post'; readonly region: string; readonly eventIds: readonly string[] }
  | { readonly what: 'hold' | 'letGo' | 'close'; readonly region: string };

interface Answer {
  readonly nth: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A process with gateways. */
export class GatewayHost {
  private readonly waiting = new Map<number, { readonly done: (result: unknown) => void; readonly failed: (error: Error) => void }>();
  private asked = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ nth, result, error }: Answer) => {
      const asking = this.waiting.get(nth);
      this.waiting.delete(nth);
      if (error === undefined) asking?.done(result);
      else asking?.failed(new Error(error));
    });
  }

  static async start(): Promise<GatewayHost> {
    const child = fork(join(import.meta.dirname, 'gatewayHost.ts'), { execArgv: ['--import', 'tsx'] });
    await once(child, 'message');
    return new GatewayHost(child);
  }

  async open(place: DoorPlace): Promise<ServerDoor> {
    return new ServerDoor(this, place.region, (await this.ask({ what: 'open', place })) as string);
  }

  ask(call: Call): Promise<unknown> {
    const nth = ++this.asked;
    return new Promise((done, failed) => {
      this.waiting.set(nth, { done, failed });
      this.child.send({ nth, call });
    });
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  /** Holds the whole process up: it does nothing at all until {@link goOn}. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.child.kill('SIGCONT');
  }
}

/** A gateway of a region in another process. */
export class ServerDoor {
  constructor(
    private readonly host: GatewayHost,
    readonly region: string,
    /** As the log and the register call it. */
    readonly id: string,
  ) {}

  /** Sends clicks of Ada's in one request. */
  post(...eventIds: readonly string[]): Promise<Posted> {
    return this.host.ask({ what: 'post', region: this.region, eventIds }) as Promise<Posted>;
  }

  /** From now on batches wait before they go to the log. Resolves when one does. */
  async hold(): Promise<void> {
    await this.host.ask({ what: 'hold', region: this.region });
  }

  async letGo(): Promise<void> {
    await this.host.ask({ what: 'letGo', region: this.region });
  }

  async close(): Promise<void> {
    await this.host.ask({ what: 'close', region: this.region });
  }
}
