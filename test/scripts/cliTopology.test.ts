import { readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ownTopologyFiles } from '../../scripts/topologyFiles.js';
import { newProject, runCli, startCli } from './commands/cliProcess.js';

const SLOW_MS = 120_000;
const project = newProject();
const DATA = '.skillforge';
const file = join(project, 'topologies', 'my-first.ts');

const changeFile = (from: string, to: string): void => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

describe('a topology of the user', () => {
  it('starts from a template that passes the check and its own test', { timeout: SLOW_MS }, async () => {
    const created = await runCli(['topology', 'new', 'my-first'], project);
    expect(created.stderr).toBe('');
    expect(created.stdout).toContain('wrote topologies/my-first.ts and test/topologies/my-first.test.ts');
    expect(created.stdout).toMatch(
      /^next: .* topology check my-first\n +node --import tsx --test test.*\n.* generate\n.* run my-first --until-end\n$/m,
    );
    const checked = await runCli(['topology', 'check'], project);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1 file, no findings\nnext, .* topology plan my-first\n$/) as unknown });
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const { NODE_OPTIONS: _, ...env } = process.env;
    const test = spawnSync(process.execPath, ['--import', tsx, '--test', 'test/topologies/my-first.test.ts'], {
      cwd: project,
      env,
      encoding: 'utf8',
    });
    expect(test.stdout + test.stderr).toContain('# pass 1');
    expect(test.status).toBe(0);
  });

  it('is not written over', { timeout: SLOW_MS }, async () => {
    const again = await runCli(['topology', 'new', 'my-first', '--json'], project);
    expect(again.code).toBe(3);
    expect(again.json()).toMatchObject({ error: { code: 'SFS_FILE_EXISTS' } });
  });

  it('shows as text, JSON and Mermaid, and in the list', { timeout: SLOW_MS }, async () => {
    expect((await runCli(['topology', 'describe', 'my-first'], project)).stdout).toMatch(
      /^my-first, version 1: clicks of each learner by day\n12 tasks/,
    );
    expect((await runCli(['topology', 'describe', 'my-first', '--json'], project)).json()).toMatchObject({ name: 'my-first', version: 1 });
    expect((await runCli(['topology', 'describe', './topologies/my-first.ts', '--format', 'mermaid'], project)).stdout).toMatch(/^flowchart LR\n/);
    const list = (await runCli(['topology', 'list', '--json'], project)).json<{ name: string }[]>();
    const own = ownTopologyFiles().map(({ name }) => name);
    expect(own).toEqual(expect.arrayContaining(['item-trends', 'recommendations']));
    expect(list.map((one) => one.name)).toEqual([...own, 'my-first'].sort());
  });

  it('runs until a signal, readable meanwhile, and its records decode with its own schema', { timeout: SLOW_MS }, async () => {
    expect((await runCli(['topology', 'plan', 'my-first'], project)).stdout).toMatch(/^my-first, version 1, not deployed yet: new\n/);
    await runCli(['generate', '--learners', '20', '--days', '2', '--events-per-day', '200'], project);
    const run = startCli(['run', 'my-first', '--json'], project);
    await untilRead(() => runCli(['topics', 'read', 'my-first', '--limit', '1', '--json'], project));
    expect(await runCli(['generate', '--seed', '9', '--json'], project)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('SFS_FOLDER_LOCKED') as unknown,
    });
    run.process.kill('SIGINT');
    const ended = await run.result;
    expect(ended.code).toBe(0);
    expect(ended.json()).toMatchObject({ summary: { stopped: true, topologies: [{ topology: 'my-first@1', tasks: 12 }] } });
    const [line] = (await runCli(['topics', 'read', 'my-first', '--limit', '1', '--json'], project)).stdout.split('\n');
    expect(JSON.parse(line!)).toMatchObject({ value: { events: expect.any(Number) as unknown, dayStartMs: expect.any(Number) as unknown } });
  });

  it('is refused by plan and run when it changed under an unchanged version', { timeout: SLOW_MS }, async () => {
    changeFile('sizeMs: days(1)', 'sizeMs: hours(6)');
    const plan = await runCli(['topology', 'plan', 'my-first'], project);
    expect(plan).toMatchObject({ code: 1, stdout: expect.stringContaining('SFS_PLAN_REFUSED') as unknown });
    const run = await runCli(['run', './topologies/my-first.ts', '--until-end'], project);
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/^SFS_PLAN_CHANGED: my-first@1 ran here with other operators:\n {2}stage "by-day": .*sizesMs was 1 d, now 6 h\n/);
    expect(run.stderr).toContain('skillforge.js topology plan ./topologies/my-first.ts\n');
  });

  it('is refused by check and run when it looks at the clock', { timeout: SLOW_MS }, async () => {
    changeFile('dayStartMs: window.startMs', 'dayStartMs: Date.now()');
    const check = await runCli(['topology', 'check', 'my-first', '--json'], project);
    expect(check.code).toBe(1);
    expect(check.json()).toMatchObject({ findings: [{ code: 'SFS_CHECK_NONDETERMINISM', file: 'topologies/my-first.ts' }] });
    const run = await runCli(['run', 'my-first', '--until-end', '--data', DATA], project);
    expect(run.code).toBe(3);
    expect(run.stderr).toMatch(/^SFS_TOPOLOGY_REFUSED: .*\ntopologies\/my-first\.ts:\d+:\d+ SFS_CHECK_NONDETERMINISM /);
  });

  it('names a folder that it makes anew: the name may be a slip', { timeout: SLOW_MS }, async () => {
    const { stderr } = await runCli(['run', 'item-trends', '--until-end', '--data', 'typo'], project);
    expect(stderr).toBe('new folder typo\n');
  });

  it('has topics that can be written to, if it declares them and does not make them', { timeout: SLOW_MS }, async () => {
    const source = "import { schema, to, topology } from 'skillforge-streams';\nimport { topic } from 'skillforge-streams/schemas';\n";
    const grade = 'schema.record({ learner: schema.string, atMs: schema.long })';
    const declared = ['marks', 'best'].map(
      (name) => `const ${name} = topic({ name: '${name}', schema: ${grade}, keyFields: ['learner'], partitions: 2, derived: ${name === 'best'} });\n`,
    );
    const build =
      "export default topology('marks', { version: 1 }, ({ source }) => { source(marks, { eventTimeMs: (one) => one.atMs }).pipe(to(best)); });\n";
    writeFileSync(join(project, 'topologies', 'marks.ts'), source + declared.join('') + build);
    writeFileSync(join(project, 'marks.jsonl'), '{"learner":"ada","atMs":1}\n{"learner":"ada"}\n');
    expect((await runCli(['topics', 'write', 'marks', 'marks.jsonl'], project)).stderr).toMatch(/^SFS_TOPIC_UNKNOWN: .* needs --topology/);
    expect((await runCli(['topics', 'write', 'best', 'marks.jsonl', '--topology', 'marks'], project)).stderr).toMatch(/^SFS_USAGE: .* derived topic/);
    const written = await runCli(['topics', 'write', 'marks', 'marks.jsonl', '--topology', 'marks', '--json'], project);
    expect(written.code).toBe(1);
    expect(written.json()).toMatchObject({ summary: { topic: 'eu-west.marks', written: 1, rejected: 1, byCode: { SFS_ENCODE_FAILED: 1 } } });
    const run = await runCli(['run', 'marks', '--until-end', '--json'], project);
    expect(run.json()).toMatchObject({ summary: { processed: 1 } });
  });

  it('must export a topology that can be loaded', { timeout: SLOW_MS }, async () => {
    writeFileSync(join(project, 'topologies', 'none.ts'), 'export default 1;\n');
    writeFileSync(join(project, 'topologies', 'throws.ts'), "throw new Error('no');\n");
    expect((await runCli(['topology', 'describe', 'none'], project)).stderr).toMatch(/^SFS_TOPOLOGY_INVALID: /);
    expect((await runCli(['topology', 'describe', 'throws'], project)).stderr).toMatch(/^SFS_TOPOLOGY_UNLOADABLE: .* no/);
    expect((await runCli(['topology', 'describe', 'nowhere'], project)).stderr).toMatch(
      /^SFS_TOPOLOGY_NOT_FOUND: .*known are .*item-trends, .*marks, my-first/,
    );
  });
});

async function untilRead(read: () => ReturnType<typeof runCli>): Promise<void> {
  for (;;) {
    const { code, stdout } = await read();
    if (code === 0 && stdout !== '') return;
    await sleep(100);
  }
}
