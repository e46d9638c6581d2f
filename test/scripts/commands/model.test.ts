import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUNDLE, RETRIEVAL, copyOf, manifestOf, remanifest, temporaryFolder } from '../../runtime/models/fixture.js';
import { newProject, runCli } from './cliProcess.js';

const SLOW_MS = 120_000;

describe('model show', () => {
  it('verifies a bundle and shows what it says of itself', { timeout: SLOW_MS }, async () => {
    const { stdout, code } = await runCli(['model', 'show', BUNDLE]);
    expect(code).toBe(0);
    const { name, version, dataHash, files } = manifestOf(BUNDLE);
    expect(stdout).toContain(`\n  data:          ${dataHash}\n`);
    expect(stdout).toContain(`${name}@${version}, in ${BUNDLE}: ${Object.keys(files).length} files, all as their digests say`);
    for (const [file, digest] of Object.entries(files)) expect(stdout).toMatch(new RegExp(`^${file} .*${digest}$`, 'm'));
    expect(stdout).toContain(readFileSync(join(BUNDLE, 'model-card.md'), 'utf8').trim());
  });

  it('is JSON for programs, oldest training first', { timeout: SLOW_MS }, async () => {
    const folder = temporaryFolder();
    for (const [name, trainedUntilMs] of [
      ['late', 9_000],
      ['early', 5_000],
    ] as const)
      remanifest(copyOf(RETRIEVAL, join(folder, name)), { name, trainedUntilMs });
    const { bundles } = (await runCli(['model', 'show', folder, '--json'])).json<{ bundles: { name: string; verified: boolean; card: string }[] }>();
    expect(bundles.map(({ name, verified }) => [name, verified])).toEqual([
      ['early', true],
      ['late', true],
    ]);
    expect(bundles[0]!.card).toBe(readFileSync(join(RETRIEVAL, 'model-card.md'), 'utf8'));
  });

  it('prints nothing that a terminal might obey', { timeout: SLOW_MS }, async () => {
    const folder = copyOf(RETRIEVAL);
    remanifest(folder, { name: 'model\u001b[2J', libraries: { 'numpy\u001b]0;': '1\r2' }, metrics: { 'loss\u0007': 1, ndcg: null } });
    const { stdout, code } = await runCli(['model', 'show', folder]);
    expect(code).toBe(0);
    expect(stdout).toContain('model·[2J@');
    expect(stdout).toContain('numpy·]0; 1·2');
    expect(stdout).toMatch(/^ {2}ndcg: +none$/m);
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it.each([
    ['an empty folder', () => temporaryFolder(), 'it is no model bundle, nor has it one in a sub-folder'],
    ['a folder that is not there', () => join(temporaryFolder(), 'none'), 'the folder cannot be read'],
    ['a file', () => join(copyOf(RETRIEVAL), 'manifest.json'), 'the folder cannot be read'],
  ])('refuses %s', { timeout: SLOW_MS }, async (_, place, message) => {
    const { code, stderr, stdout } = await runCli(['model', 'show', place()]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('SFS_MODEL_MISSING');
    expect(stderr).toContain(message);
  });

  it('refuses a damaged bundle, and names the file', { timeout: SLOW_MS }, async () => {
    const folder = copyOf();
    writeFileSync(join(folder, 'covisits.json'), '{}');
    const { code, stderr } = await runCli(['model', 'show', folder]);
    expect(code).toBe(3);
    expect(stderr).toContain('SFS_MODEL_DAMAGED');
    expect(stderr).toContain(join(folder, 'covisits.json'));
  });
});

describe('--models', () => {
  const TOPOLOGY = `import { map } from 'rxjs';
import { to, topology, withValue } from 'skillforge-streams';
import { schema, topic, topics } from 'skillforge-streams/schemas';

const told = topic({ name: 'told', schema: schema.record({ id: schema.string, model: schema.string }), keyFields: ['id'], partitions: 3 });

export default topology('told', { version: 1 }, ({ source, models }) => {
  source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs }).pipe(
    map((record) => withValue(record, { id: record.key, model: models?.at(record.timestamp).version ?? 'none' })),
    to(told),
  );
});
`;

  it('gives a run what to decide with, and refuses models of another region before anything runs', { timeout: 2 * SLOW_MS }, async () => {
    const project = newProject();
    mkdirSync(join(project, 'topologies'));
    writeFileSync(join(project, 'topologies', 'told.ts'), TOPOLOGY);
    const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(args, project);
    expect(await cli('generate', '--learners', '5', '--days', '1')).toMatchObject({ code: 0 });
    const other = copyOf(RETRIEVAL);
    remanifest(other, { region: 'us-east' });
    expect(await cli('run', 'told', '--until-end', '--models', other)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('SFS_MODEL_REGION') as string,
    });
    const done = await cli('run', 'told', '--until-end', '--models', RETRIEVAL, '--json');
    expect(done.stderr).toBe('');
    expect(done.json<{ summary: { processed: number } }>().summary.processed).toBeGreaterThan(0);
    const { name, version } = manifestOf(RETRIEVAL);
    const read = (await cli('topics', 'read', 'told', '--json')).stdout;
    expect(read).toContain(`${name}@${version}`);
    expect(read).not.toContain('"none"');
  });
});
