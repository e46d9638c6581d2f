/** The commands of a registry of models, as processes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openRegistry, type AliasChange, type RegisteredVersion } from '../../../runtime/models/registry/index.js';
import { bundleWith } from '../../conformance/modelRegistry.js';
import { manifestOf } from '../../runtime/models/fixture.js';
import { runCli, type CliResult } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 120_000;

const inFolder = (data: string): ((...args: string[]) => Promise<CliResult>) => {
  return (...args) => runCli(['model', ...args, '--data', data]);
};

describe('the commands of a registry', { timeout: SLOW_MS }, () => {
  it('register, list and show a version', async () => {
    const data = newFolder();
    const model = inFolder(data);
    expect(await model('list')).toMatchObject({ code: 0, stdout: `the registry ${join(data, 'registry')} has no version of recommender\n` });
    const bundle = bundleWith('the card');
    const { version } = (await model('register', bundle, '--tag', 'note=a=b', '--json')).json<{ version: RegisteredVersion }>();
    const { trainedUntilMs, dataHash } = manifestOf(bundle);
    expect(version).toMatchObject({ number: '1', tags: { note: 'a=b', trained_until_ms: String(trainedUntilMs), data_hash: dataHash } });
    const again = await model('register', bundle);
    expect(again.stdout).toBe(`${bundle} is version 1 of recommender in ${join(data, 'registry')}\n`);
    const { versions } = (await model('list', '--json')).json<{ versions: RegisteredVersion[] }>();
    expect(versions).toEqual([version]);
    const shown = await model('show', '1');
    expect(shown.stdout).toContain(readFileSync(join(bundle, 'model-card.md'), 'utf8').trim());
    expect(shown.stdout).toMatch(/^note +a=b$/m);
    expect(await model('show', '2')).toMatchObject({ code: 3, stderr: expect.stringContaining('SFS_MODEL_MISSING') as string });
  });

  it('promote what passed its gates, refuse the rest, and keep why it was promoted all the same', async () => {
    const data = newFolder();
    const model = inFolder(data);
    const registry = openRegistry(join(data, 'registry'));
    for (const text of ['one', 'two', 'three']) await registry.register(bundleWith(text), {});
    expect(await model('promote', '1')).toMatchObject({ code: 3, stderr: expect.stringMatching(/^SFS_MODEL_GATE: .*have not been asked/) as string });
    await registry.tag('1', { 'gate.status': 'passed' });
    const checks = [
      { name: 'quality', status: 'failed', value: 0.1, bound: 0.2, reason: 'worse than the champion' },
      { name: 'size', status: 'passed' },
      { name: 'digest', status: 'passed', value: 'ab'.repeat(32), bound: 'ab'.repeat(32) },
    ];
    await registry.tag('2', { 'gate.status': 'failed', 'gate.report': JSON.stringify({ checks }) });
    expect((await model('promote', '1', '--by', 'ada', '--reason', 'first')).stdout).toMatch(/production: nothing -> 1, by ada: first\n$/);
    const refused = await model('promote', '2');
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('its gates failed: quality');
    expect(await registry.at('production')).toMatchObject({ number: '1' });
    expect((await model('promote', '2', '--override', ' ')).code).toBe(2);
    const { change } = (await model('promote', '2', '--override', 'agreed', '--by', 'bob', '--json')).json<{ change: AliasChange }>();
    expect(change).toMatchObject({ alias: 'production', number: '2', previous: '1', by: 'bob', reason: 'gates overridden: agreed' });
    expect((await registry.version('2')).tags).toMatchObject({ 'override.reason': 'agreed', 'override.by': 'bob' });
    const shown = (await model('show', '2')).stdout;
    expect(shown).toMatch(/^quality +failed +0.1 +0.2 +worse than the champion$/m);
    expect(shown).toMatch(/^digest +passed +abababababab… +abababababab… *$/m);
    expect(shown).toContain('by bob: gates overridden: agreed');
    await model('stage', '3');
    expect(await registry.at('staging')).toMatchObject({ number: '3' });
  });

  it('roll back, further each time, and refuse where nothing was before', async () => {
    const data = newFolder();
    const model = inFolder(data);
    const registry = openRegistry(join(data, 'registry'));
    for (const text of ['one', 'two', 'three']) {
      const { number } = await registry.register(bundleWith(text), {});
      await registry.move('production', number, { by: 'test', reason: null, atMs: Number(number) });
    }
    for (const number of ['2', '1']) {
      expect((await model('rollback', '--reason', 'worse')).code).toBe(0);
      expect(await registry.at('production')).toMatchObject({ number });
    }
    expect(await model('rollback')).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^SFS_MODEL_MISSING: .*no version before the present one.*promote another one, or stop it with "skillforge oversight kill"/,
      ) as string,
    });
    expect(await registry.at('production')).toMatchObject({ number: '1' });
  });

  it('of several processes at a time lose nothing', async () => {
    const data = newFolder();
    const model = inFolder(data);
    const same = bundleWith('same');
    const others = ['a', 'b', 'c'].map(bundleWith);
    const done = await Promise.all([same, ...others, same].map((bundle) => model('register', bundle, '--json')));
    const numbers = done.map((one) => one.json<{ version: RegisteredVersion }>().version.number);
    expect(numbers[0]).toBe(numbers[4]);
    expect([...new Set(numbers)].sort()).toEqual(['1', '2', '3', '4']);
    await Promise.all(numbers.slice(0, 4).map((number) => model('stage', number, '--by', `by-${number}`)));
    const history = await openRegistry(join(data, 'registry')).history('staging');
    expect(history.map(({ by }) => by).sort()).toEqual(['by-1', 'by-2', 'by-3', 'by-4']);
  });
});
