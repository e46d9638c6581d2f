import { SkillForgeError } from '../../schemas/errors.js';
import { literally } from './keyPattern.js';

/** The Redis keys of one task: all of them have the same hash tag, so that one script may use them in a cluster. */
export interface TaskKeys {
  readonly task: string;
  readonly meta: string;
  readonly staged: string;
  /** The time queue. */
  readonly queue: string;
  /** The payloads of its entries that have one. */
  readonly payloads: string;
  store(name: string): string;
}

/** The Redis keys of one region. */
export class RegionKeys {
  readonly documents: string;
  /** The list of refused owners. */
  readonly refused: string;
  /** What the keys of writers begin with that tell which version of that list they go by. */
  readonly refusedWriters: string;

  /** @throws SFS_NAME_INVALID */
  constructor(
    private readonly region: string,
    private readonly prefix: string,
  ) {
    checkName('region', region, /[{}/]/);
    checkName('key prefix', prefix, /[{}]/);
    this.documents = `${prefix}:{${region}}:documents`;
    this.refused = `${prefix}:{${region}}:refused`;
    this.refusedWriters = `${prefix}:{${region}}:refused-by:`;
  }

  /** @throws SFS_NAME_INVALID */
  task(name: string): TaskKeys {
    checkName('task', name, /[{}]/);
    const tag = this.tag(name);
    return {
      task: name,
      meta: `${tag}:meta`,
      staged: `${tag}:staged`,
      queue: `${tag}:queue`,
      payloads: `${tag}:payloads`,
      store: (store) => `${tag}:s:${store}`,
    };
  }

  /** What the keys of data keys begin with. */
  get dataKeys(): string {
    return this.tag('').slice(0, -1);
  }

  /** A pattern for all keys of the region. */
  get everything(): string {
    return `${literally(`${this.prefix}:{${this.region}`)}[/}]*`;
  }

  /** A pattern for the `meta` of all tasks. */
  get everyMeta(): string {
    return `${literally(this.tag('').slice(0, -1))}*}:meta`;
  }

  /** The task whose `meta` this is. */
  taskOf(meta: string): string {
    return meta.slice(this.tag('').length - 1, -'}:meta'.length);
  }

  private tag(task: string): string {
    return `${this.prefix}:{${this.region}/${task}}`;
  }
}

/** The hash tag of a key ends at the first brace, so no part of it may hold one. */
function checkName(what: string, name: string, forbidden: RegExp): void {
  if (name === '') throw new SkillForgeError('SFS_NAME_INVALID', `the ${what} has an empty name`);
  if (!forbidden.test(name)) return;
  throw new SkillForgeError(
    'SFS_NAME_INVALID',
    `the name of the ${what} ${JSON.stringify(name)} holds a character that keys give a meaning: ${forbidden.source}`,
  );
}
