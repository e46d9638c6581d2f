/** The register of homes in a file that the gateways of all regions on a machine share. */
import { assertRegion } from '../schemas/index.js';
import type { HomeRegister, Removal, Resident } from './homeRegister.js';
import { openKeyedFile, type KeyedFile } from './keyedFile.js';
import { changed } from './store.js';

/** File of the register within its folder. */
export const HOMES_FILE = 'homes.mdb';
/** File of the key that identities and pseudonyms are hashed with. */
export const HOMES_KEY_FILE = 'homes.key';

/** Bytes of what stands for the pseudonym, before the region. */
const OWNER_BYTES = 16;

/**
 * Keeps HMAC-SHA256(key, identity) with a region, and with a hash of the pseudonym, by which an erasure finds it: the file holds no name, and no
 * pseudonym. Transactions of LMDB come one after the other, whichever process writes: who asks sees all of a move, or nothing. @throws SFS_GATEWAY_STORE
 */
export function openHomeRegister(folder: string): HomeRegister {
  return new LmdbHomeRegister(folder, openKeyedFile(folder, { file: HOMES_FILE, keyFile: HOMES_KEY_FILE }));
}

class LmdbHomeRegister implements HomeRegister {
  readonly told = new Set<string>();
  private readonly file: KeyedFile['file'];
  private readonly macOf: KeyedFile['macOf'];

  constructor(
    private readonly folder: string,
    { file, macOf }: KeyedFile,
  ) {
    [this.file, this.macOf] = [file, macOf];
  }

  find(identity: string): Promise<string | null> {
    return Promise.resolve(this.found([identity])[0]!);
  }

  begin(identities: readonly string[]): Promise<(string | null)[]> {
    return Promise.resolve(this.found(identities));
  }

  /** Who moves somebody has the folders of both gateways to itself: no batch is under way. */
  async end(): Promise<void> {}

  async settle(residents: readonly Resident[], region: string): Promise<string[]> {
    assertRegion(region);
    const entries = residents.map((resident) => ({ key: this.keyOf(resident.identity), entry: this.entryOf(resident, region) }));
    this.file.root.resetReadTxn();
    if (!entries.every(({ key, entry }) => this.isAsGood(key, entry, region))) {
      await changed(this.folder, this.file, () => {
        // A new pseudonym takes the place of an old one, so that an erasure finds it.
        for (const { key, entry } of entries) if ((this.regionAt(key) ?? region) === region) this.file.root.putSync(key, entry);
      });
      this.file.root.resetReadTxn();
    }
    return entries.map(({ key }) => this.regionAt(key) ?? region);
  }

  move(resident: Resident, { from, to }: Removal): Promise<boolean> {
    [from, to].forEach(assertRegion);
    const key = this.keyOf(resident.identity);
    const entry = this.entryOf(resident, to);
    return changed(this.folder, this.file, () => {
      if (this.regionAt(key) !== from) return false;
      this.file.root.putSync(key, entry);
      return true;
    });
  }

  forget(learner: string): Promise<number> {
    return changed(this.folder, this.file, () => {
      const keys = this.keysOf(learner);
      keys.forEach((key) => void this.file.root.removeSync(key));
      return keys.length;
    });
  }

  homesOf(learner: string): Promise<string[]> {
    this.file.root.resetReadTxn();
    return Promise.resolve(this.keysOf(learner).map((key) => this.regionAt(key)!));
  }

  async close(): Promise<void> {
    await this.file.close();
  }

  private found(identities: readonly string[]): (string | null)[] {
    // Another process may have moved somebody since this turn's snapshot was taken.
    this.file.root.resetReadTxn();
    return identities.map((identity) => this.regionAt(this.keyOf(identity)));
  }

  /** Whether nothing is to be written for a resident: they have this entry, or are at home elsewhere. */
  private isAsGood(key: Buffer, entry: Buffer, region: string): boolean {
    const home = this.regionAt(key);
    return home !== null && (home !== region || this.file.root.get(key)!.equals(entry));
  }

  private regionAt(key: Buffer): string | null {
    const region = this.file.root.get(key)?.subarray(OWNER_BYTES).toString() ?? null;
    if (region !== null) this.told.add(region);
    return region;
  }

  private keysOf(learner: string): Buffer[] {
    const owner = this.ownerOf(learner);
    const all = Array.from(this.file.root.getRange(), ({ key, value }) => ({
      key: Buffer.from(key),
      isTheirs: value.subarray(0, OWNER_BYTES).equals(owner),
    }));
    return all.filter(({ isTheirs }) => isTheirs).map(({ key }) => key);
  }

  private entryOf({ learner }: Resident, region: string): Buffer {
    return Buffer.concat([this.ownerOf(learner), Buffer.from(region)]);
  }

  private keyOf(identity: string): Buffer {
    return this.macOf(`identity ${identity}`);
  }

  private ownerOf(learner: string): Buffer {
    return this.macOf(`learner ${learner}`).subarray(0, OWNER_BYTES);
  }
}
