import { describe, expect, it } from 'vitest';
import { KeyGate } from '../../../runtime/keys/keyGate.js';
import { FolderRing, makeRing } from '../../../runtime/keys/folderRing.js';
import { LocalSchemaIds, SkillForgeError, topicCodec, topics, type KeyRing } from '../../../schemas/index.js';
import { newFolder } from '../../fixtures/folders.js';
import { at, click } from '../../topologies/clicks.js';
import { join } from 'node:path';

const event = () => {
  const value = topicCodec(topics.clicks, LocalSchemaIds.withAccepted()).encode('ada', click('ada', at(0)));
  return { topic: 'eu-west.clicks', partition: 0, key: Buffer.from('ada'), value, header: null };
};

/** A ring whose keys are gone from its cache so often after they were asked for. */
async function forgetful(times: number): Promise<{ readonly ring: KeyRing; readonly asked: () => number }> {
  const folder = newFolder();
  await makeRing(folder, { file: join(newFolder(), 'kek.json') }, 1);
  const inner = await FolderRing.open(folder);
  let [left, asked] = [times, 0];
  const ring: KeyRing = {
    prepare: () => {
      asked++;
      return Promise.resolve();
    },
    known: (name) => inner.known(name),
    opening: (id) => inner.opening(id),
    flush: () => inner.flush(),
    sealing: (owner) => {
      if (left-- > 0) throw new SkillForgeError('SFS_KEYS_UNAVAILABLE', 'a data key is not at hand any more', { retriable: true });
      return inner.sealing(owner);
    },
  };
  return { ring, asked: () => asked };
}

describe('a gate', () => {
  it('asks again for keys that went while the others came, and seals each record once', async () => {
    const { ring, asked } = await forgetful(2);
    const gate = new KeyGate({ ring, schemaDocument: () => null });
    const sealed = await gate.write([event(), event()], (records) => Promise.resolve(records));
    expect(sealed).toHaveLength(2);
    for (const { value } of sealed) expect(value!.equals(event().value)).toBe(false);
    expect(asked()).toBe(3);
  });

  it('gives up where they go each time: nothing was written', async () => {
    const { ring } = await forgetful(Infinity);
    const written = new KeyGate({ ring, schemaDocument: () => null }).write([event()], () => Promise.resolve());
    await expect(written).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
  });
});
