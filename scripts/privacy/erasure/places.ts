/** Every place in which an installation on one machine may hold something of a learner: those of the inventory, and how each is looked into. */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SkillForgeError, stores, type Store, type StoreName } from '../../../schemas/index.js';
import { batchViews, streamViews } from '../../../operators/featureViews/index.js';
import type { FeastStore } from '../../../runtime/feast/index.js';
import { readingFolder } from '../../commands/folder.js';
import { homesName, type HomesPlace } from '../../gateway/homesPlace.js';
import { foundInFiles, stateCopiesIn, type FilePlace } from './files.js';
import { FolderContents } from './folderContents.js';
import type { Found } from './found.js';
import { foundDenied, foundHomes, foundIdentity, foundInView } from './lmdbFiles.js';
import type { Mention } from './mention.js';
import { foundInOutbox } from './outboxFile.js';
import { ServerContents } from './serverContents.js';
import type { RegionServers } from './servers.js';

/** Where an installation keeps things. */
export interface Installation {
  readonly data: string;
  readonly region: string;
  /** Folder of the view and of the deny list. */
  readonly view: string;
  readonly gatewayFolder: string;
  /** The register of homes; absent where none was named. */
  readonly homes?: HomesPlace;
  /** Folder of the chain over the decisions. */
  readonly chain: string;
  /** Archives, exports and training sets outside of the data folder. */
  readonly also: readonly string[];
  /** Feast's online store; `null` where none was named. */
  readonly featureStore: FeastStore | null;
  /** Kafka and Redis of the region; absent on one machine, whose log and state lie in `data`. */
  readonly servers?: RegionServers;
}

/** A store that was looked into, or the reason why not. */
export interface Place {
  readonly store: StoreName;
  /** In words, where it is not looked into; it may hold something all the same. */
  readonly unseen: string | null;
  /** Such an installation has no such store: nothing is left out where it is not looked into. */
  readonly isNone?: true;
  readonly found: () => AsyncIterable<Found> | Iterable<Found>;
}

/** Stores of the inventory that hold something personal. */
export const personalStores = (Object.entries(stores) as [StoreName, Store][])
  .filter(([, { holds }]) => holds.some((kind) => kind !== 'none'))
  .map(([name]) => name);

/** Stores with a way of their own; all others are files of the data folder, under the names that the inventory has for them. */
const OTHERWISE: readonly StoreName[] = [
  'embedded-folder',
  'kafka-log',
  'redis-state',
  'feature-store',
  'reader-view',
  'reader-outbox',
  'deny-list',
  'identity-map',
  'home-register',
  'snapshots',
];
const ELSEWHERE = 'an installation on one machine has none';
const ON_SERVERS = 'a region on servers has none';
const NOTHING: readonly Found[] = [];

/** The files and folders that are looked into and written anew, links to them followed. What `also` names counts as exports, whatever it is. */
export function filePlaces({ data, also }: Installation): FilePlace[] {
  const files = personalStores.filter((store) => !OTHERWISE.includes(store));
  const own = files.flatMap((store) => stores[store].inFolder.map((name) => ({ store, path: realPath(join(data, name)), isNamed: false })));
  return [...own, ...also.map((path) => ({ store: 'exports' as const, path: realPath(path), isNamed: true }))];
}

/** Where a path leads to; itself where nothing is there. */
export const realPath = (path: string): string => (existsSync(path) ? realpathSync(path) : path);

/** A slip of the pen in `also`, or in a folder that is only looked into, would leave there what is to go. @throws SFS_FILE_UNREADABLE for a path that is not there */
export function assertPlaces({ also, homes, servers }: Pick<Installation, 'also' | 'homes' | 'servers'>): void {
  const homesPath = typeof homes === 'object' ? homes.keyFile : homes;
  const missing = [...also, ...(homesPath === undefined ? [] : [homesPath]), ...(servers?.logDirs ?? []), ...(servers?.redisDirs ?? [])].find(
    (path) => !existsSync(path),
  );
  if (missing === undefined) return;
  throw new SkillForgeError('SFS_FILE_UNREADABLE', `${missing} is not there: what lies in it cannot be looked into`, { context: { path: missing } });
}

/** Stands for the places that options name: another one tells that steps have more to do. */
export function placesDigest({ data, region, view, gatewayFolder, homes, chain, also, featureStore, servers }: Installation): string {
  const paths = [data, view, gatewayFolder, chain, ...[...also].sort()].map((path) => resolve(path));
  return createHash('sha256')
    .update(
      JSON.stringify([
        region,
        featureStore !== null,
        ...paths,
        ...(homes === undefined ? [] : [homesName(homes)]),
        ...(servers === undefined ? [] : [servers.name]),
      ]),
    )
    .digest('hex');
}

/** Stands for where log and state lie: steps that were done in a folder, in another region or on other servers are not done here. */
export function mainDigest({ region, servers }: { readonly region: string; readonly servers?: Pick<RegionServers, 'name'> }): string {
  return createHash('sha256')
    .update(JSON.stringify(servers === undefined ? ['folder'] : ['servers', region, servers.name]))
    .digest('hex');
}

/** All places, in the order of the inventory. */
export async function placesOf(installation: Installation, mention: Mention): Promise<Place[]> {
  const copies: string[] = [];
  for (const path of installation.also) copies.push(...(await stateCopiesIn(realPath(path))));
  return personalStores.map((store) => placeOf(store, { ...installation, copies }, mention));
}

/** With the copies of state among what `also` names: they are snapshots, and no exports. */
interface LookedInto extends Installation {
  readonly copies: readonly string[];
}

/** What lies in the folder of a reader's view. */
const OF_READER: Partial<Record<StoreName, (installation: Installation, mention: Mention) => AsyncIterable<Found>>> = {
  'reader-view': ({ view, region }, mention) => foundInView(view, region, mention),
  'reader-outbox': ({ view, region }, mention) => foundInOutbox(view, region, mention),
  'deny-list': ({ view }, mention) => foundDenied(view, mention),
};

function placeOf(store: StoreName, installation: LookedInto, mention: Mention): Place {
  const { gatewayFolder } = installation;
  const seen = (found: Place['found']): Place => ({ store, unseen: null, found });
  const ofReader = OF_READER[store];
  if (ofReader !== undefined) return seen(() => ofReader(installation, mention));
  switch (store) {
    case 'embedded-folder':
    case 'kafka-log':
    case 'redis-state':
      return mainPlaceOf(store, installation, mention);
    case 'identity-map':
      return seen(() => foundIdentity(gatewayFolder, mention));
    case 'home-register':
    case 'feature-store':
    case 'snapshots':
      return namedPlaceOf(store, installation, mention);
    default:
      return seen(() => foundInOwn(store, installation, mention));
  }
}

/** Of what lies where an option says. */
function namedPlaceOf(store: 'home-register' | 'feature-store' | 'snapshots', installation: LookedInto, mention: Mention): Place {
  const { homes, also, copies, featureStore } = installation;
  const seen = (found: Place['found']): Place => ({ store, unseen: null, found });
  const unseen = (reason: string): Place => ({ store, unseen: reason, found: () => NOTHING });
  switch (store) {
    case 'home-register':
      return homes === undefined ? unseen('not named: give --homes') : seen(() => foundHomes(homes, mention));
    case 'feature-store':
      return featureStore === null ? unseen('not named: give --feature-store') : seen(() => foundFeatures(featureStore, mention));
    case 'snapshots':
      if (copies.length > 0)
        return seen(() =>
          foundInAll(
            copies.map((path) => ({ store, path, isNamed: true })),
            mention,
          ),
        );
      return unseen(`lie where they were put: ${also.length === 0 ? 'name them with --also' : 'there is none in what --also names'}`);
  }
}

async function* foundInAll(places: readonly FilePlace[], mention: Mention, without?: ReadonlySet<string>): AsyncGenerator<Found> {
  for (const place of places) yield* foundInFiles(place, mention, without);
}

/** What is in the files of a store, but for copies of state: these are told as snapshots. */
function foundInOwn(store: StoreName, installation: LookedInto, mention: Mention): AsyncGenerator<Found> {
  const places = filePlaces(installation).filter((place) => place.store === store);
  return foundInAll(places, mention, new Set(installation.copies));
}

async function* foundInFolder({ data }: Installation, mention: Mention): AsyncGenerator<Found> {
  const found = await readingFolder(data, (storage) => [...new FolderContents(storage, mention).found()]);
  yield* found;
}

async function* foundFeatures(store: FeastStore, { learner }: Mention): AsyncGenerator<Found> {
  for (const view of [...streamViews, ...batchViews].filter(({ entities }) => entities.length === 1 && entities[0] === 'learner')) {
    const row = await store.read(view, { learner }, Date.now());
    if (row.state !== 'missing') yield { store: 'feature-store', where: view.name, value: row };
  }
}

/** Of log and state: in a folder, or on servers. */
function mainPlaceOf(store: 'embedded-folder' | 'kafka-log' | 'redis-state', installation: Installation, mention: Mention): Place {
  const { servers } = installation;
  const isOfFolder = store === 'embedded-folder';
  if (isOfFolder !== (servers === undefined)) return { store, unseen: isOfFolder ? ON_SERVERS : ELSEWHERE, isNone: true, found: () => NOTHING };
  if (servers === undefined) return { store, unseen: null, found: () => foundInFolder(installation, mention) };
  const contents = new ServerContents(servers, mention);
  return { store, unseen: null, found: () => (store === 'kafka-log' ? contents.foundInTopics() : contents.foundInState()) };
}
