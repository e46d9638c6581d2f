/** The register of homes in a Redis that the gateways of all regions reach. See ADR 0037. */
import { createHmac, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { newSecretIn, secretIn, type HomeRegister, type Removal, type Resident } from '../../gateway/index.js';
import { SkillForgeError, assertRegion, errorCodeOf } from '../../schemas/index.js';
import { MARK_BYTES, type BatchUnderWay, type RedisHomes } from '../../runtime/redis/index.js';
import type { RedisOptions } from '../../runtime/redis/index.js';

/** Where a register on a server is. */
export interface SharedHomesPlace {
  readonly redis: Omit<RedisOptions, 'region'>;
  /** File of the key that identities and pseudonyms are hashed with: the same one everywhere. Made where the register is new. */
  readonly keyFile: string;
  /** For messages, and to tell it from another one; without secrets. */
  readonly name: string;
}

/** What who moves somebody asks besides: which batches of gateways may still bring something of theirs. */
export interface SharedHomeRegister extends HomeRegister {
  /** Batches of a region in which somebody is. @throws SFS_HOMES_UNAVAILABLE */
  underWay(identity: string, region: string): Promise<BatchUnderWay[]>;
  /** A batch that will be in the log no more, whatever its gateway does. @throws SFS_HOMES_UNAVAILABLE */
  endOf(batch: BatchUnderWay): Promise<void>;
  /** A move of a pseudonym has begun: of two at once one is kept, and whoever erases is told, whatever folder they are told. @returns what is kept, which is another one where that has not ended. @throws SFS_HOMES_UNAVAILABLE */
  keepMove(learner: string, move: ClaimedMove): Promise<KeptMove>;
  /** It has ended. Another one stays. @throws SFS_HOMES_UNAVAILABLE */
  dropMove(learner: string, claim: string): Promise<void>;
  /** The move of a pseudonym that has begun and not ended; `null` for none. @throws SFS_HOMES_UNAVAILABLE */
  moveOf(learner: string): Promise<KeptMove | null>;
}

/** A move, as the register keeps it. */
export interface ClaimedMove extends Removal {
  /** Who calls again with the same one goes on; a word. */
  readonly claim: string;
}

/** A move that has begun. */
export interface KeptMove extends ClaimedMove {
  /** Under which the register has it. */
  readonly mark: string;
}

/** A gateway that says nothing for so long while it has a batch under way counts as gone, ms. */
const LASTS_MS = 30_000;
const EXTEND_MS = 5_000;
/** A sender waits no longer for an answer, ms. */
const TIMEOUT_MS = 5_000;
const REGION_AT = MARK_BYTES;
/** No name of a region has one. */
const BETWEEN = ' ';

/** Opens it; servers are not asked before the first call. @param gateway - what tells this gateway from others; a random one for who makes no batches */
export function openSharedHomes(place: SharedHomesPlace, gateway: string = randomUUID()): SharedHomeRegister {
  return new SharedHomes(place, gateway);
}

interface Opened {
  readonly store: RedisHomes;
  readonly secret: Buffer;
}

class SharedHomes implements SharedHomeRegister {
  readonly told = new Set<string>();
  private readonly process = randomUUID();
  private opening: Promise<Opened> | null = null;
  private batches = 0;
  /** The entries of those in the last batch, by their identities. */
  private entries: ReadonlyMap<string, Buffer | null> = new Map();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly place: SharedHomesPlace,
    private readonly gateway: string,
  ) {}

  find(identity: string): Promise<string | null> {
    return this.ask(async ({ store, secret }) => this.regionIn((await store.entries([markOf(secret, identity)]))[0]!));
  }

  async begin(identities: readonly string[], region: string): Promise<(string | null)[]> {
    this.batches++;
    const batch = { gateway: this.gateway, batch: this.batch, lastsMs: LASTS_MS };
    const entries = await this.ask(({ store, secret }) =>
      store.begin(
        { ...batch, region },
        identities.map((identity) => markOf(secret, identity)),
      ),
    );
    this.entries = new Map(identities.map((identity, at) => [identity, entries[at]!]));
    this.timer ??= setInterval(() => void this.ask(({ store }) => store.extend({ ...batch, batch: this.batch })).catch(() => undefined), EXTEND_MS);
    this.timer.unref();
    return entries.map((entry) => this.regionIn(entry));
  }

  async end(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    // Before the first batch: what an earlier process of this gateway had under way, if it had.
    const batch = this.batches === 0 ? null : this.batch;
    await this.ask(({ store }) => store.end(this.gateway, batch)).catch(() => undefined);
  }

  settle(residents: readonly Resident[], region: string): Promise<string[]> {
    assertRegion(region);
    return this.ask(async ({ store, secret }) => {
      const wanted = residents.map(({ identity, learner }) => ({
        identity,
        mark: markOf(secret, identity),
        entry: entryOf(secret, learner, region),
      }));
      const missing = wanted.filter(({ identity, entry }) => this.entries.get(identity)?.equals(entry) !== true);
      const settled = missing.length === 0 ? [] : await store.settle(region, missing);
      const found = new Map(missing.map(({ identity }, at) => [identity, this.regionIn(settled[at]!)!]));
      return residents.map(({ identity }) => found.get(identity) ?? region);
    });
  }

  move({ identity, learner }: Resident, { from, to }: Removal): Promise<boolean> {
    [from, to].forEach(assertRegion);
    return this.ask(({ store, secret }) => store.move(markOf(secret, identity), from, entryOf(secret, learner, to)));
  }

  forget(learner: string): Promise<number> {
    return this.ask(async ({ store, secret }) => {
      let count = 0;
      for (const { mark, entry } of await store.ofOwner(ownerOf(secret, learner))) if (await store.forget(mark, entry)) count++;
      return count;
    });
  }

  homesOf(learner: string): Promise<string[]> {
    return this.ask(async ({ store, secret }) => (await store.ofOwner(ownerOf(secret, learner))).map(({ entry }) => this.regionIn(entry)!));
  }

  underWay(identity: string, region: string): Promise<BatchUnderWay[]> {
    return this.ask(({ store, secret }) => store.underWay(markOf(secret, identity), region));
  }

  endOf({ gateway, batch }: BatchUnderWay): Promise<void> {
    return this.ask(({ store }) => store.end(gateway, batch));
  }

  keepMove(learner: string, { claim, from, to }: ClaimedMove): Promise<KeptMove> {
    return this.ask(async ({ store, secret }) => {
      const mark = ownerOf(secret, learner).toString('hex');
      return keptMove(mark, await store.keepMoving(mark, claim, [from, to].join(BETWEEN)));
    });
  }

  dropMove(learner: string, claim: string): Promise<void> {
    return this.ask(({ store, secret }) => store.dropMoving(ownerOf(secret, learner).toString('hex'), claim));
  }

  moveOf(learner: string): Promise<KeptMove | null> {
    return this.ask(async ({ store, secret }) => {
      const mark = ownerOf(secret, learner).toString('hex');
      const kept = await store.moving(mark);
      return kept === null ? null : keptMove(mark, kept);
    });
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    const opened = await this.opening?.catch(() => null);
    await opened?.store.close();
  }

  /** The batch that began last, as the register has it. */
  private get batch(): string {
    return `${this.process}:${this.batches}`;
  }

  /** @throws SFS_HOMES_UNAVAILABLE, SFS_HOMES_KEY, SFS_GATEWAY_STORE */
  private async ask<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    try {
      this.opening ??= opened(this.place).catch((error: unknown) => {
        this.opening = null;
        throw error;
      });
      return await work(await this.opening);
    } catch (cause) {
      if (!['SFS_STATE_UNAVAILABLE', 'SFS_STATE_REFUSED'].includes(errorCodeOf(cause))) throw cause;
      const message = 'the register of homes cannot be asked: nothing is taken until it can; send this again';
      throw new SkillForgeError('SFS_HOMES_UNAVAILABLE', message, { cause, retriable: true, context: { status: 503 } });
    }
  }

  private regionIn(entry: Buffer | null): string | null {
    const region = entry?.subarray(REGION_AT).toString() ?? null;
    if (region !== null) this.told.add(region);
    return region;
  }
}

/** What an earlier version kept has no claim. */
function keptMove(mark: string, kept: string): KeptMove {
  const [to = '', from = '', claim = ''] = kept.split(BETWEEN).reverse();
  return { claim, from, to, mark };
}

/** @throws SFS_HOMES_KEY where the register was made under another key: everybody would be somebody else */
async function opened({ redis, keyFile, name }: SharedHomesPlace): Promise<Opened> {
  // Its package takes a while to load, and is not there on every machine.
  const { openRedisHomes } = await import('../../runtime/redis/index.js');
  const store = await openRedisHomes({ timeoutMs: TIMEOUT_MS, ...redis });
  try {
    const known = secretIn(keyFile);
    const secret = known ?? newSecretIn(keyFile) ?? secretIn(keyFile)!;
    const check = createHmac('sha256', secret).update('check').digest('hex');
    if ((await store.keyCheck(check)) === check) return { store, secret };
    if (known === null) rmSync(keyFile);
    const message = `the register of homes at ${name} was made with another key than ${keyFile} has: copy the file of a gateway that goes by it`;
    throw new SkillForgeError('SFS_HOMES_KEY', message, { context: { path: keyFile } });
  } catch (error) {
    await store.close();
    throw error;
  }
}

const macOf = (secret: Buffer, text: string): Buffer => createHmac('sha256', secret).update(text).digest().subarray(0, MARK_BYTES);
const markOf = (secret: Buffer, identity: string): Buffer => macOf(secret, `identity ${identity}`);
const ownerOf = (secret: Buffer, learner: string): Buffer => macOf(secret, `learner ${learner}`);
const entryOf = (secret: Buffer, learner: string, region: string): Buffer => Buffer.concat([ownerOf(secret, learner), Buffer.from(region)]);
