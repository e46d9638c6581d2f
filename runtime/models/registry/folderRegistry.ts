/**
 * A registry in a folder, for one machine or a shared disk. Nothing in it is rewritten, so it needs no lock:
 *
 *     DIR/NAME/versions/NUMBER/version.json   what never changes
 *     DIR/NAME/versions/NUMBER/bundle/        the bundle
 *     DIR/NAME/versions/NUMBER/tags.jsonl     tags in the order in which they were set: the last of a name counts
 *     DIR/NAME/history.jsonl                  moves of the aliases: the last of an alias is where it points
 */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBundle, type Bundle } from '../bundle.js';
import { changesOf, type AliasMove } from './aliasHistory.js';
import { cachedBundle } from './bundleCopy.js';
import { appendLine, inFolder, jsonAt, linesAt, namesAt } from './folderFiles.js';
import { ALIASES, tagsOf, type Alias, type AliasChange, type ModelRegistry, type MoveReason, type RegisteredVersion } from './modelRegistry.js';
import { assertModelName, isVersionNumber, versionMissing } from './versionNames.js';

type Kept = Pick<RegisteredVersion, 'number' | 'bundleVersion' | 'digest' | 'createdAtMs' | 'region'>;
type Tags = Readonly<Record<string, string>>;

const VERSION = 'version.json';
const TAGS = 'tags.jsonl';
const BUNDLE = 'bundle';

/** See the head of this file. Made by `openRegistry`. */
export class FolderRegistry implements ModelRegistry {
  private readonly folder: string;

  constructor(
    readonly place: string,
    readonly name: string,
  ) {
    assertModelName(name);
    this.folder = join(place, name);
  }

  versions(): Promise<readonly RegisteredVersion[]> {
    return this.inFolder(() => {
      const pointed = this.pointed();
      return this.numbers().map((number) => this.read(number, pointed));
    });
  }

  version(number: string): Promise<RegisteredVersion> {
    return this.inFolder(() => this.read(number, this.pointed()));
  }

  at(alias: Alias): Promise<RegisteredVersion | null> {
    return this.inFolder(() => {
      const pointed = this.pointed();
      const number = pointed.get(alias) ?? null;
      return number === null ? null : this.read(number, pointed);
    });
  }

  register(bundleFolder: string, tags: Tags): Promise<RegisteredVersion> {
    return this.inFolder(() => {
      const bundle = readBundle(bundleFolder);
      const nursery = join(this.folder, `.new-${randomBytes(8).toString('hex')}`);
      try {
        const number = this.known(bundle) ?? this.keep(bundle, nursery);
        this.append(number, tags);
        return this.read(number, this.pointed());
      } finally {
        rmSync(nursery, { recursive: true, force: true });
      }
    });
  }

  move(alias: Alias, number: string | null, reason: MoveReason): Promise<AliasChange> {
    return this.inFolder(() => {
      if (number !== null) this.read(number, new Map());
      const id = randomBytes(8).toString('hex');
      mkdirSync(this.folder, { recursive: true });
      appendLine(this.historyFile, { id, alias, number, ...reason } satisfies AliasMove);
      return changesOf(this.moves(), alias).find((change) => change.id === id)!;
    });
  }

  history(alias: Alias): Promise<readonly AliasChange[]> {
    return this.inFolder(() => changesOf(this.moves(), alias).reverse());
  }

  tag(number: string, tags: Tags): Promise<void> {
    return this.inFolder(() => {
      this.read(number, new Map());
      this.append(number, tags);
    });
  }

  async fetch(number: string, cacheFolder: string): Promise<string> {
    const version = await this.version(number);
    return cachedBundle(cacheFolder, version, (into) => {
      cpSync(join(this.folderOf(number), BUNDLE), into, { recursive: true });
      return Promise.resolve();
    });
  }

  /** Highest first. */
  private numbers(): string[] {
    return namesAt(join(this.folder, 'versions'))
      .filter(isVersionNumber)
      .sort((a, b) => Number(b) - Number(a));
  }

  private read(number: string, pointed: ReadonlyMap<Alias, string | null>): RegisteredVersion {
    const kept = isVersionNumber(number) ? (jsonAt(join(this.folderOf(number), VERSION)) as Kept | null) : null;
    if (kept === null) throw versionMissing(this.place, this.name, number);
    const set = linesAt(join(this.folderOf(number), TAGS)) as Tags[];
    const tags = Object.assign({}, ...set) as Tags;
    return { ...kept, tags: { ...tags, ...tagsOf(kept) }, aliases: ALIASES.filter((alias) => pointed.get(alias) === number) };
  }

  private known({ digest }: Bundle, numbers = this.numbers()): string | null {
    return numbers.find((number) => (jsonAt(join(this.folderOf(number), VERSION)) as Kept).digest === digest) ?? null;
  }

  /**
   * Under the next number. Of several processes one gets it: the others find another version there, which may be the same bundle.
   */
  private keep({ folder, manifest, digest }: Bundle, nursery: string): string {
    mkdirSync(nursery, { recursive: true });
    cpSync(folder, join(nursery, BUNDLE), { recursive: true });
    // What was copied is what was read.
    const copy = readBundle(join(nursery, BUNDLE));
    mkdirSync(join(this.folder, 'versions'), { recursive: true });
    for (;;) {
      const numbers = this.numbers();
      const known = this.known(copy, numbers);
      if (known !== null) return known;
      // Whatever was added since has this one.
      const number = String(Number(numbers[0] ?? 0) + 1);
      const kept: Kept = { number, bundleVersion: manifest.version, digest, createdAtMs: Date.now(), region: manifest.region };
      writeFileSync(join(nursery, VERSION), `${JSON.stringify(kept)}\n`);
      if (named(nursery, this.folderOf(number))) return number;
    }
  }

  private append(number: string, tags: Tags): void {
    if (Object.keys(tags).length > 0) appendLine(join(this.folderOf(number), TAGS), tags);
  }

  private pointed(): ReadonlyMap<Alias, string | null> {
    return new Map(this.moves().map(({ alias, number }) => [alias, number]));
  }

  private moves(): AliasMove[] {
    return linesAt(this.historyFile) as AliasMove[];
  }

  private get historyFile(): string {
    return join(this.folder, 'history.jsonl');
  }

  private folderOf(number: string): string {
    return join(this.folder, 'versions', number);
  }

  private inFolder<T>(work: () => T): Promise<T> {
    return inFolder(this.place, work);
  }
}

/** Whether a folder got its name; not where another one has it. */
function named(folder: string, name: string): boolean {
  try {
    renameSync(folder, name);
    return true;
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}
