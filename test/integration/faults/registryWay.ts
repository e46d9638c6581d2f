/** The schema registry of a run, and the way to it that workers take. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RegistryClient, subjectOf, withDefaults } from '../../../runtime/registry/index.js';
import type { Registry } from '../../../scripts/services/registry.js';
import { schemaOf, topicCodec } from '../../../schemas/index.js';
import { gateOf, type Gate } from '../registry/gate.js';
import { laterPresses, type LaterPress, type Press } from './topologies.js';

/** `down`: who connects is refused. `silent`: it takes requests, and answers none. */
export type RegistryFault = 'down' | 'silent';

/** Presses as a later program writes them: with a schema that workers have to ask for. */
export interface LaterWriter {
  readonly schemaId: number;
  readonly encode: (press: Press) => Buffer;
}

const ASK_MS = 2_000;
/** Within which it must have gone. */
const STILL_MS = 20_000;

export class RegistryWay {
  private versions = 0;

  private constructor(
    private readonly registry: Registry,
    private readonly gate: Gate,
  ) {}

  static async open(registry: Registry): Promise<RegistryWay> {
    return new RegistryWay(registry, await gateOf(registry.url));
  }

  /** Where workers find it. */
  get url(): string {
    return this.gate.url;
  }

  /** Registers a schema that no worker has met. @param topic - the physical name of the presses */
  async later(topic: string): Promise<LaterWriter> {
    const nth = ++this.versions;
    const client = new RegistryClient(withDefaults({ url: this.registry.url }));
    const later = laterPresses(nth);
    const schemaId = await client.register(subjectOf(topic), schemaOf(later));
    const codec = topicCodec<string, LaterPress>(later, { idOf: () => schemaId, schemaOf: () => null });
    return { schemaId, encode: (press) => codec.encode(press.learner, { ...press, [`extra${nth}`]: nth }) };
  }

  /** @returns what a request by the workers' way met */
  async leave(fault: RegistryFault): Promise<string> {
    if (fault === 'down') await this.gate.shut();
    else this.registry.server.stop();
    // A process that is stopped goes on for a moment where the machine is busy.
    for (const until = Date.now() + STILL_MS; Date.now() < until; await sleep(100)) {
      const answer = await Promise.race([asked(this.url), sleep(ASK_MS, `no answer for ${ASK_MS} ms`)]);
      if (answer !== 'an answer') return answer;
    }
    throw new Error('the registry answered');
  }

  async comeBack(fault: RegistryFault): Promise<void> {
    if (fault === 'down') await this.gate.open();
    else this.registry.server.cont();
  }

  close(): Promise<void> {
    return this.gate.close();
  }
}

async function asked(url: string): Promise<string> {
  try {
    await (await fetch(`${url}/subjects`)).text();
    return 'an answer';
  } catch (error) {
    const { cause } = error as { readonly cause?: { readonly code?: string } };
    return cause?.code ?? String(error);
  }
}
