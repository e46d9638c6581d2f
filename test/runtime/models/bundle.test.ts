import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleFolders, readBundle, readBundles } from '../../../runtime/models/bundle.js';
import { openModels } from '../../../runtime/models/index.js';
import { BUNDLE, FEATURES, REGION, RETRIEVAL, copyOf, manifestOf, refile, remanifest, temporaryFolder } from './fixture.js';

const failing = (code: string, text: string): unknown => expect.objectContaining({ code, message: expect.stringContaining(text) as string });
const opening = (folder: string): Promise<unknown> => openModels(folder, { region: REGION, featureSet: FEATURES });

describe('a bundle', () => {
  it('is read with all its files', () => {
    const { manifest, file } = readBundle(BUNDLE);
    expect(manifest).toMatchObject({ region: REGION, version: manifestOf(BUNDLE).version });
    expect(Object.keys(manifest.files).sort()).toEqual(readdirSync(BUNDLE).filter((name) => !name.startsWith('manifest.')));
    expect(file('ranker-next.onnx')).toEqual(readFileSync(join(BUNDLE, 'ranker-next.onnx')));
    expect(file('segments.json')).toBeNull();
  });

  it.each([...readdirSync(BUNDLE).map((name) => [BUNDLE, name]), ...readdirSync(RETRIEVAL).map((name) => [RETRIEVAL, name])])(
    'is refused with any bit of a file flipped: %s/%s',
    (bundle, name) => {
      const folder = copyOf(bundle);
      const path = join(folder, name);
      const bytes = readFileSync(path);
      const places = Array.from({ length: 24 }, (_, at) => Math.floor((at * (bytes.length - 1)) / 23));
      for (const [at, place] of places.entries()) {
        const flipped = Buffer.from(bytes);
        flipped[place]! ^= 1 << (at % 8);
        writeFileSync(path, flipped);
        expect(() => readBundle(folder), `${name}, byte ${place}`).toThrow(failing('SFS_MODEL_DAMAGED', folder));
      }
      writeFileSync(path, bytes);
      expect(manifestOf(bundle)).toMatchObject(readBundle(folder).manifest);
    },
  );

  it('is refused with a file cut short, gone, or too many', () => {
    const folder = copyOf();
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_DAMAGED', 'notes.txt cannot be used: the manifest does not speak of it'));
    rmSync(join(folder, 'notes.txt'));
    truncateSync(join(folder, 'idf.f32'), 8);
    expect(() => readBundle(folder)).toThrow(
      failing('SFS_MODEL_DAMAGED', 'idf.f32 cannot be used: its SHA-256 is not that of the manifest; 8 bytes were read'),
    );
    rmSync(join(folder, 'idf.f32'));
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_MISSING', 'idf.f32'));
    rmSync(join(folder, 'manifest.sha256'));
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_MISSING', 'manifest.sha256'));
  });

  it('is refused with a manifest that says too little', () => {
    const folder = copyOf();
    remanifest(folder, { trainedUntilMs: 'today' });
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_DAMAGED', 'its trainedUntilMs is missing, or is not what it should be'));
    remanifest(copyOf(BUNDLE, folder), { trainedFromMs: 1e18 });
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_DAMAGED', 'its trainedFromMs is missing, or is not what it should be'));
    remanifest(copyOf(BUNDLE, folder), { format: 2 });
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_DAMAGED', 'its format is 2, and this version reads 1'));
    remanifest(copyOf(BUNDLE, folder), { version: '0123456789ab' });
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_DAMAGED', 'its version is 0123456789ab, and that of its files is'));
    remanifest(copyOf(BUNDLE, folder), { files: { '../outside': '0'.repeat(64) } });
    expect(() => readBundle(folder)).toThrow(failing('SFS_MODEL_DAMAGED', 'its files is missing, or is not what it should be'));
  });
});

describe('a folder of models', () => {
  it('is a bundle, or has some', () => {
    const folder = temporaryFolder();
    expect(() => bundleFolders(join(folder, 'none'))).toThrow(failing('SFS_MODEL_MISSING', 'the folder cannot be read'));
    expect(() => bundleFolders(folder)).toThrow(failing('SFS_MODEL_MISSING', 'it is no model bundle, nor has it one in a sub-folder'));
    for (const name of ['b', 'a', '.draft']) copyOf(RETRIEVAL, join(folder, name));
    expect(bundleFolders(folder)).toEqual([join(folder, 'a'), join(folder, 'b')]);
    expect(bundleFolders(BUNDLE)).toEqual([BUNDLE]);
  });

  it('follows links, and passes over what is no bundle, but not one that has lost its manifest', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'notes'));
    symlinkSync(RETRIEVAL, join(folder, 'current'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    writeFileSync(join(folder, 'readme.txt'), 'mine');
    expect(bundleFolders(folder)).toEqual([join(folder, 'current')]);
    rmSync(join(copyOf(RETRIEVAL, join(folder, 'damaged')), 'manifest.json'));
    expect(() => readBundles(folder)).toThrow(failing('SFS_MODEL_MISSING', join(folder, 'damaged', 'manifest.json')));
    expect(() => bundleFolders(join(folder, 'readme.txt'))).toThrow(failing('SFS_MODEL_MISSING', 'the folder cannot be read'));
  });

  it('is refused where a bundle is for another region', async () => {
    const folder = copyOf();
    remanifest(folder, { region: 'us-east' });
    await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_REGION', 'is for region us-east, and this run is in eu-west'));
  });

  it('is refused where rankers were trained on other features, and says which', async () => {
    const columns = FEATURES.declarations.map(({ name }) => name);
    const folder = copyOf();
    remanifest(folder, { featureSet: { id: 'other:1', columns: columns.with(2, 'third') } });
    await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_FEATURES', `column 2, third instead of ${columns[2]!}`));
    remanifest(folder, { featureSet: { id: 'other:1', columns } });
    await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_FEATURES', 'the declarations of some differ'));
  });

  it('is refused where a bundle has half of its rankers', async () => {
    const folder = copyOf();
    refile(folder, 'ranker-new.onnx', null);
    await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_DAMAGED', 'one of two rankers'));
  });

  it.each([
    'ranker-next.onnx',
    'trees-new.json',
    'item-factors.json',
    'item-factors.f32',
    'covisits.json',
    'embeddings.json',
    'projection.f32',
    'embeddings-0.usearch',
  ])('is refused where training wrote nonsense: %s', async (name) => {
    const folder = copyOf();
    refile(folder, name, '{"nonsense":');
    await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_DAMAGED', name.endsWith('.onnx') ? folder : name));
    if (name.endsWith('.json')) {
      refile(folder, name, '{}');
      await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_DAMAGED', name));
    }
  });

  it.each([
    ['covisits.json', { items: ['a'], neighbours: [7] }],
    ['covisits.json', { items: ['a'], neighbours: [[null]] }],
    ['covisits.json', { items: ['a'], neighbours: [[[0, 'much']]] }],
    ['item-factors.json', { dimensions: 2, regularisation: 1, alpha: 1, courses: 7 }],
    ['item-factors.json', { dimensions: 2, regularisation: 1, alpha: 1, courses: [null] }],
    ['segments.json', { names: ['a'], features: [], centroids: [null], earlyHours: 168 }],
    ['segments.json', { names: ['a'], features: [7], centroids: [[1]], earlyHours: 168 }],
  ])('is refused where training wrote other things than it should: %s, %j', async (name, content) => {
    const folder = copyOf(RETRIEVAL);
    refile(folder, name, JSON.stringify(content));
    await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_DAMAGED', name));
  });

  it('is refused where a tree leads in circles or out of the features', async () => {
    const folder = copyOf();
    const leaf = { threshold: 0, left: -1, right: -1, value: 1, defaultLeft: 0 };
    const treeOf = (root: object): string => {
      const nodes = [
        { feature: 0, ...leaf, left: 1, right: 2, ...root },
        { feature: -1, ...leaf },
        { feature: -1, ...leaf },
      ];
      const of = (property: string): unknown[] => nodes.map((node) => (node as Record<string, unknown>)[property]);
      const tree = Object.fromEntries(['feature', 'threshold', 'left', 'right', 'value', 'defaultLeft'].map((property) => [property, of(property)]));
      return JSON.stringify({ bias: 0, trees: [tree] });
    };
    for (const root of [{ left: 0 }, { right: 3 }, { feature: FEATURES.declarations.length }]) {
      refile(folder, 'trees-next.json', treeOf(root));
      await expect(opening(folder)).rejects.toThrow(failing('SFS_MODEL_DAMAGED', 'trees-next.json cannot be used: tree 0 is none'));
    }
  });
});
