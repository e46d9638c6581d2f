import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readBundle } from '../bundle.js';
import { changesOf, type AliasMove } from './aliasHistory.js';
import { cachedBundle } from './bundleCopy.js';
import { MlflowClient, mlflowCodeOf } from './mlflowClient.js';
import { artifactPath, logBundle } from './mlflowRuns.js';
import { ALIASES, BUNDLE_TAG, DIGEST_TAG, REGION_TAG, tagsOf, type Alias, type AliasChange, type ModelRegistry, type MoveReason, type RegisteredVersion } from './modelRegistry.js';
import { assertModelName, isVersionNumber, versionMissing } from './versionNames.js';

type Tags = Readonly<Record<string, string>>;

/** A version as MLflow tells it. */
interface MlflowVersion {
  readonly version: string;
  readonly creation_timestamp?: number | string;
  readonly tags?: readonly MlflowTag[];
}

interface MlflowTag {
  readonly key: string;
  readonly value: string;
}

interface MlflowModel {
  readonly last_updated_timestamp?: number | string;
  readonly tags?: readonly MlflowTag[];
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

/** A move, and where the alias pointed when it was made: to what another tool may have moved it. */
interface KeptMove extends AliasMove {
  readonly from: string | null;
}

/** What MLflow says where a model, a version or an alias is not there; of an alias it is the second. */
const ABSENT: ReadonlySet<string> = new Set(['RESOURCE_DOES_NOT_EXIST', 'INVALID_PARAMETER_VALUE']);
/** Moves are tags of the registered model: each its own, so that none is lost where two are made at a time. */
const MOVE_TAG = 'move.';
const PAGE = 200;
const UNTOLD = 'another tool';

/**
 * The versions of a registered model on an MLflow server, whose artifacts go through the server (`--artifacts-destination`). Bundles that
 * Python logged and those of {@link register} read the same.
 *
 * MLflow keeps no two things together: an alias moves, and then the move is kept. And it lets two processes that register the same bundle at the same
 * time make two versions. Made by `openRegistry`.
 */
export class MlflowRegistry implements ModelRegistry {
  readonly place: string;
  private readonly client: MlflowClient;

  constructor(
    place: string,
    readonly name: string,
  ) {
    assertModelName(name);
    this.client = new MlflowClient(place);
    this.place = this.client.address;
  }

  async versions(): Promise<readonly RegisteredVersion[]> {
    const model = await this.model();
    if (model === null) return [];
    const found: MlflowVersion[] = [];
    for (let page = ''; ;) {
      const query = { filter: `name='${this.name}'`, max_results: String(PAGE), ...(page === '' ? {} : { page_token: page }) };
      const { model_versions: some = [], next_page_token: next = '' } = (await this.client.call('model-versions/search', { query })) as {
        readonly model_versions?: readonly MlflowVersion[];
        readonly next_page_token?: string;
      };
      found.push(...some);
      if (next === '') break;
      page = next;
    }
    return found.sort((a, b) => Number(b.version) - Number(a.version)).map((one) => versionOf(one, model));
  }

  async version(number: string): Promise<RegisteredVersion> {
    if (!isVersionNumber(number)) throw versionMissing(this.place, this.name, number);
    const [found, model] = await Promise.all([
      this.orAbsent('model-versions/get', { name: this.name, version: number }, 'model_version'),
      this.model(),
    ]);
    if (found === null || model === null) throw versionMissing(this.place, this.name, number);
    return versionOf(found as MlflowVersion, model);
  }

  async at(alias: Alias): Promise<RegisteredVersion | null> {
    const [found, model] = await Promise.all([this.orAbsent('registered-models/alias', { name: this.name, alias }, 'model_version'), this.model()]);
    return found === null || model === null ? null : versionOf(found as MlflowVersion, model);
  }

  async register(bundleFolder: string, tags: Tags): Promise<RegisteredVersion> {
    const bundle = readBundle(bundleFolder);
    const known = (await this.versions()).findLast(({ digest }) => digest === bundle.digest);
    if (known !== undefined) {
      await this.tag(known.number, tags);
      return this.version(known.number);
    }
    await this.createModel();
    const { runId, source } = await logBundle(this.client, bundle);
    const created = await this.client.call('model-versions/create', {
      method: 'POST',
      body: { name: this.name, source, run_id: runId, tags: asTags({ ...tags, ...tagsOf({ digest: bundle.digest, bundleVersion: bundle.manifest.version, region: bundle.manifest.region }) }) },
      isRepeatable: false,
    });
    return this.version((created['model_version'] as MlflowVersion).version);
  }

  async move(alias: Alias, number: string | null, reason: MoveReason): Promise<AliasChange> {
    if (number !== null) await this.version(number);
    const from = (await this.at(alias))?.number ?? null;
    const body = { name: this.name, alias, ...(number === null ? {} : { version: number }) };
    await this.client.call('registered-models/alias', { method: number === null ? 'DELETE' : 'POST', body });
    const id = randomBytes(8).toString('hex');
    const kept: KeptMove = { id, alias, number, from, ...reason };
    const tag = { name: this.name, key: `${MOVE_TAG}${reason.atMs}.${id}`, value: JSON.stringify(kept) };
    await this.client.call('registered-models/set-tag', { method: 'POST', body: tag });
    return changesOf(movesOf((await this.model())!), alias).find((change) => change.id === id)!;
  }

  async history(alias: Alias): Promise<readonly AliasChange[]> {
    const model = await this.model();
    return model === null ? [] : withUntold(changesOf(movesOf(model), alias).reverse(), model, alias);
  }

  async tag(number: string, tags: Tags): Promise<void> {
    await this.version(number);
    for (const tag of asTags(tags)) {
      await this.client.call('model-versions/set-tag', { method: 'POST', body: { name: this.name, version: number, ...tag } });
    }
  }

  async fetch(number: string, cacheFolder: string): Promise<string> {
    const version = await this.version(number);
    return cachedBundle(cacheFolder, version, async (into) => {
      const folder = await this.artifactsOf(number);
      mkdirSync(into, { recursive: true });
      for (const file of await this.client.artifacts(folder)) {
        writeFileSync(join(into, basename(file)), await this.client.artifact(`${folder}/${basename(file)}`));
      }
    });
  }

  /** Where the files of a version lie within the server's artifacts: `source` would be a name of MLflow's own. */
  private async artifactsOf(number: string): Promise<string> {
    const answer = await this.client.call('model-versions/get-download-uri', { query: { name: this.name, version: number } });
    return artifactPath(this.client, String(answer['artifact_uri']));
  }

  private async model(): Promise<MlflowModel | null> {
    return (await this.orAbsent('registered-models/get', { name: this.name }, 'registered_model')) as MlflowModel | null;
  }

  private async createModel(): Promise<void> {
    try {
      await this.client.call('registered-models/create', { method: 'POST', body: { name: this.name } });
    } catch (error) {
      if (mlflowCodeOf(error) !== 'RESOURCE_ALREADY_EXISTS') throw error;
    }
  }

  /** A part of an answer; `null` where what is asked for is not there. */
  private async orAbsent(path: string, query: Readonly<Record<string, string>>, part: string): Promise<unknown> {
    try {
      return (await this.client.call(path, { query }))[part] ?? null;
    } catch (error) {
      if (ABSENT.has(mlflowCodeOf(error))) return null;
      throw error;
    }
  }
}

function versionOf({ version, creation_timestamp: createdAtMs = 0, tags = [] }: MlflowVersion, { aliases = [] }: MlflowModel): RegisteredVersion {
  const known = Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  return {
    number: version,
    bundleVersion: known[BUNDLE_TAG] ?? '',
    digest: known[DIGEST_TAG] ?? '',
    createdAtMs: Number(createdAtMs),
    region: known[REGION_TAG] ?? '',
    tags: known,
    aliases: ALIASES.filter((alias) => aliases.some((one) => one.alias === alias && one.version === version)),
  };
}

/** In the order of their times; moves of one millisecond by their ids, so that all see the same order. */
function movesOf({ tags = [] }: MlflowModel): AliasMove[] {
  const moves = tags.filter(({ key }) => key.startsWith(MOVE_TAG)).map(({ value }) => JSON.parse(value) as KeptMove);
  const isTold = ({ from, alias }: KeptMove): boolean => from === null || moves.some((one) => one.alias === alias && one.number === from);
  const untold = ({ id, from, alias, atMs }: KeptMove): AliasMove => ({ id: `${id}-before`, alias, number: from, by: UNTOLD, reason: null, atMs });
  moves.sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return moves.flatMap((move) => (isTold(move) ? [move] : [untold(move), move]));
}

/** An alias may point where no kept move leads: another tool moved it, nobody knows who and why. */
function withUntold(history: readonly AliasChange[], { aliases = [], last_updated_timestamp: atMs = 0 }: MlflowModel, alias: Alias): readonly AliasChange[] {
  const number = aliases.find((one) => one.alias === alias)?.version;
  if (number === undefined || history.some((change) => change.number === number)) return history;
  return [{ alias, number, previous: history[0]?.number ?? null, atMs: Number(atMs), by: UNTOLD, reason: null }, ...history];
}

const asTags = (tags: Tags): MlflowTag[] => Object.entries(tags).map(([key, value]) => ({ key, value }));

