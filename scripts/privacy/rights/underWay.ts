/** Requests that are to be done: a file of who serves them. An erasure takes the request itself out of the log, and has to be ended all the same. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';
import { writeDurably } from '../../archive/durableFile.js';
import { onDisk } from '../../fileWriting.js';
import type { NewRequests, Request } from './newRequests.js';

interface State {
  readonly format: 1;
  /** For each partition of the topic where to go on. */
  readonly next: readonly number[];
  /** In the order in which they are done. */
  readonly requests: readonly Request[];
}

/** What is to be done, and how far the topic was read: both change at once. */
export class RequestsUnderWay {
  private constructor(
    private readonly path: string,
    private state: State,
  ) {}

  /** @param main - stands for where the log lies: of another one nothing is known. @throws SFS_RIGHTS_JOURNAL for a file that is no such journal; SFS_FILE_UNWRITABLE */
  static open(folder: string, main: string): RequestsUnderWay {
    const path = join(folder, `${main.slice(0, 32)}.requests.json`);
    onDisk(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
    return new RequestsUnderWay(path, existsSync(path) ? stateIn(path) : { format: 1, next: [], requests: [] });
  }

  get next(): readonly number[] {
    return this.state.next;
  }

  get requests(): readonly Request[] {
    return this.state.requests;
  }

  /** Notes requests that have come; those that are there already stay where they are. @throws SFS_FILE_UNWRITABLE */
  take({ requests, next }: NewRequests): void {
    if (next.every((offset, partition) => offset === this.state.next[partition])) return;
    const byId = new Map([...this.state.requests, ...requests].map((request) => [request.id, request]));
    this.keep({ format: 1, next, requests: [...byId.values()] });
  }

  /** Nothing more is to be done of a request. @throws SFS_FILE_UNWRITABLE */
  drop(id: string): void {
    this.keep({ ...this.state, requests: this.state.requests.filter((request) => request.id !== id) });
  }

  private keep(state: State): void {
    writeDurably(this.path, `${JSON.stringify(state)}\n`);
    this.state = state;
  }
}

function stateIn(path: string): State {
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as State;
    if (state.format !== 1 || !Array.isArray(state.next) || !Array.isArray(state.requests)) throw new Error('it is of another format');
    return state;
  } catch (cause) {
    const message = `${path} does not tell which requests are under way: ${errorMessageOf(cause)}; delete it, and what has no outcome is done anew`;
    throw new SkillForgeError('SFS_RIGHTS_JOURNAL', message, { cause, context: { path } });
  }
}
