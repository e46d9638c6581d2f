/** A cluster of OpenBao, any server of which may be asked: standbys serve, too, and lag. */
import { expect, it } from 'vitest';
import { TransitKeyService } from '../../../runtime/keys/transitKeyService.js';
import { errorCodeOf } from '../../../schemas/index.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { ownServices } from '../servers.js';
import { BaoKey } from './bao.js';
import { SLOW_MS } from './ownOpenBao.js';
import { unexpected, watching } from './watching.js';

const SECRET = Buffer.from('a key of 32 bytes, or nearly so.');
const ROTATIONS = 60;
const ELECTION_MS = 60_000;

it(
  'wraps with a version that was just made, goes on without its leader, and counts as away without two of three',
  { timeout: 2 * SLOW_MS },
  async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const bao = (await ownServices({ openBao: 3 }, context)).openBao!;
    const key = await BaoKey.make(bao, 'ours');
    const token = { text: await key.token({ may: 'rotate' }) };
    const [, second, third] = bao.servers.map(({ address }) => new TransitKeyService({ url: key.through(`http://${address}`).url, token }));
    let wrapped = '';
    for (let version = 2; version <= ROTATIONS + 1; version++) {
      await second!.rotate();
      wrapped = await second!.wrap(SECRET);
      expect(wrapped).toMatch(new RegExp(`^vault:v${version}:`));
      expect(await third!.unwrap(wrapped)).toEqual(SECRET);
    }

    // Who has just joined has no vote for a while.
    type Raft = { readonly config: { readonly servers: readonly { readonly voter: boolean }[] } };
    const votes = async (): Promise<boolean[]> =>
      (await key.asked<Raft>('GET', 'sys/storage/raft/configuration')).config.servers.map(({ voter }) => voter);
    await expect.poll(votes, { timeout: ELECTION_MS }).toEqual([true, true, true]);

    const said = [second!, third!].map((service) => watching(() => service.unwrap(wrapped)));
    const rotated = (service: TransitKeyService): Promise<unknown> => service.rotate().then(() => 'rotated', errorCodeOf);
    await bao.servers[0]!.kill();
    await expect.poll(() => rotated(second!), { timeout: ELECTION_MS }).toBe('rotated');
    await bao.servers[1]!.kill();
    await expect.poll(() => rotated(third!), { timeout: ELECTION_MS }).toBe('SFS_KEYS_UNAVAILABLE');
    for (const server of bao.servers.slice(0, 2)) {
      await server.restart();
      await bao.unseal(server);
    }
    await expect.poll(() => rotated(third!), { timeout: ELECTION_MS }).toBe('rotated');
    expect(await second!.unwrap(await third!.wrap(SECRET))).toEqual(SECRET);
    for (const heard of said) expect(unexpected(await heard())).toEqual([]);
  },
);
