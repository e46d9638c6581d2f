/** A folder in which an evaluation works, step by step: what is done is not done again. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onDisk } from '../fileWriting.js';

/** A step that was done, now or in an earlier run. */
export interface DoneStep {
  readonly name: string;
  readonly seconds: number;
}

interface Marker<R> extends DoneStep {
  readonly inputs: string;
  readonly result: R;
}

/** Steps in a fixed order: each depends on its own inputs and on all that came before. */
export class WorkFolder {
  readonly steps: DoneStep[] = [];
  private chain = '';

  /** @param onStep - called before a step is done. @throws SFS_FILE_UNWRITABLE */
  constructor(
    readonly folder: string,
    private readonly onStep: (name: string) => void = () => undefined,
  ) {
    onDisk(this.folder, () => mkdirSync(folder, { recursive: true }));
  }

  /** Stands for the steps so far, and what they depended on. */
  get mark(): string {
    return this.chain;
  }

  /** Path of something in the folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /**
   * Does a step, unless the same one was done here before, on the same inputs and after the same steps. @returns what it returned; plain JSON
   *
   * @throws SFS_FILE_UNWRITABLE, and what `work` throws
   */
  async step<R>(name: string, inputs: unknown, work: () => Promise<R>): Promise<R> {
    this.chain = createHash('sha256')
      .update(JSON.stringify([this.chain, name, inputs]))
      .digest('hex');
    return this.marked(name, this.chain, work);
  }

  /** As {@link step}, for what no later step depends on. */
  aside<R>(name: string, inputs: unknown, work: () => Promise<R>): Promise<R> {
    return this.marked(
      name,
      createHash('sha256')
        .update(JSON.stringify([this.chain, name, inputs]))
        .digest('hex'),
      work,
    );
  }

  private async marked<R>(name: string, inputs: string, work: () => Promise<R>): Promise<R> {
    const path = this.path(`${name}.done.json`);
    const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Marker<R>) : null;
    if (before?.inputs === inputs) {
      this.steps.push({ name, seconds: before.seconds });
      return before.result;
    }
    this.onStep(name);
    const startMs = performance.now();
    const result = await work();
    const seconds = (performance.now() - startMs) / 1000;
    this.steps.push({ name, seconds });
    onDisk(this.folder, () => writeFileSync(path, JSON.stringify({ name, inputs, seconds, result })));
    return result;
  }
}
