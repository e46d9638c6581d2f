import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRegistry } from '../../../../runtime/models/registry/index.js';
import { bundleWith, describeModelRegistryConformance, type RegistryUnderTest } from '../../../conformance/modelRegistry.js';
import { temporaryFolder } from '../fixture.js';

function opened(): RegistryUnderTest & { readonly folder: string } {
  const folder = temporaryFolder();
  return {
    folder,
    registry: openRegistry(folder),
    again: () => openRegistry(folder),
    spoil: (number, file) => {
      writeFileSync(join(folder, 'recommender', 'versions', number, 'bundle', file), 'spoilt');
      return Promise.resolve();
    },
  };
}

describeModelRegistryConformance('a folder', () => Promise.resolve(opened()));

describe('a folder of models', () => {
  it('reads over an entry that a crash cut short, and loses none after it', async () => {
    const { folder, registry } = opened();
    await registry.register(bundleWith('one'), {});
    await registry.move('production', '1', { by: 'ada', reason: null, atMs: 1 });
    appendFileSync(join(folder, 'recommender', 'history.jsonl'), '\n{"id":"torn","alias":"produ');
    await registry.move('staging', '1', { by: 'bob', reason: null, atMs: 2 });
    expect(await registry.at('production')).toMatchObject({ number: '1', aliases: ['staging', 'production'] });
    expect(await registry.history('staging')).toHaveLength(1);
  });

  it('holds several models, and refuses names that lead elsewhere', async () => {
    const { folder, registry } = opened();
    const other = openRegistry(folder, 'other');
    await other.register(bundleWith('one'), {});
    expect(await registry.versions()).toEqual([]);
    expect(readdirSync(folder)).toEqual(['other']);
    for (const name of ['../up', '', 'a/b', "it's"]) expect(() => openRegistry(folder, name)).toThrow(/no name of a model/);
    await expect(other.version('../1')).rejects.toMatchObject({ code: 'SFS_MODEL_MISSING' });
  });

  it('says where it cannot be used', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const registry = openRegistry(file);
    await expect(registry.register(bundleWith('one'), {})).rejects.toMatchObject({ code: 'SFS_MODEL_REGISTRY' });
  });
});
