/** What commands write outside of any topology has the ids of the registry that they are given: its other clients read it, and so does what runs here. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchemaRegistry as ForeignClient } from '@kafkajs/confluent-schema-registry';
import { describe, expect, it, type TestContext } from 'vitest';
import { partitionRecords } from '../../../runtime/cluster/partitionRecords.js';
import { isMarker, markerIdOf } from '../../../runtime/engine/header.js';
import { openBroker } from '../../../runtime/kafka/index.js';
import { giveOrder, readingOversight } from '../../../scripts/oversight/access.js';
import { oversightLog } from '../../../scripts/oversight/acts.js';
import { measureOrder } from '../../../scripts/oversight/orders.js';
import type { ReplayDiff } from '../../../scripts/commands/replayDiff.js';
import { newFolder } from '../../fixtures/folders.js';
import { newProject, runCli, startCli, type CliResult } from '../../scripts/commands/cliProcess.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis, sharedRegistry } from '../servers.js';

const DEADLINE_MS = 400_000;
/** Ids of a registry count up from 1; those of this package are digests. */
const MOST_REGISTERED = 100_000;

interface Setting {
  readonly region: string;
  /** Where what needs no Redis works. */
  readonly topics: readonly string[];
  /** Runs the program with these servers; it must end with this code. */
  readonly cli: (args: readonly string[], code?: number) => Promise<CliResult>;
  /** What another client of the registry reads in a topic. */
  readonly foreign: (topic: string) => Promise<Readonly<Record<string, unknown>>[]>;
}

async function setting(context: TestContext, project = newProject()): Promise<Setting & { readonly kafka: string; readonly project: string }> {
  const [kafka, redis, url] = [await sharedKafka(context), await sharedRedis(context), await sharedRegistry(context)];
  const region = newRegion();
  const topics = ['--kafka', kafka, '--region', region, '--registry', url];
  const broker = await openBroker('confluent', { brokers: [kafka], markerIdOf: (header) => markerIdOf(header) ?? 'marker' });
  context.onTestFinished(() => broker.close());
  const client = new ForeignClient({ host: url });
  return {
    ...{ kafka, region, topics, project },
    cli: async (args, code = 0) => {
      const isLocal = args[0] === 'topology';
      const result = await runCli(isLocal ? args : [...args, ...topics, '--redis', redis], project);
      expect(result.code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(code);
      return result;
    },
    foreign: async (topic) => {
      const admin = await broker.admin();
      const found: Readonly<Record<string, unknown>>[] = [];
      for (let partition = 0; partition < (await admin.ranges(`${region}.${topic}`)).length; partition++) {
        for await (const { value, header } of partitionRecords(broker, admin, `${region}.${topic}`, partition)) {
          if (value === null || isMarker(header)) continue;
          expect(value.readUInt32BE(1), topic).toBeLessThan(MOST_REGISTERED);
          found.push((await client.decode(value)) as Readonly<Record<string, unknown>>);
        }
      }
      await admin.close();
      return found;
    },
  };
}

const noon = Date.parse('2025-09-01T12:00:00Z');
const click = (eventId: string, region: string) => ({
  ...{ eventId, region, learner: 'learner-7', course: 'course-1', cohort: 'course-1', occurredAtMs: noon },
  personal: { action: 'VIEW', item: 'item-1', clicks: 3, dwellMs: 0 },
});

/** What is personal in a record: other clients give a value of a union under the name of its type. */
const details = ({ personal }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.values(personal as Readonly<Record<string, Readonly<Record<string, unknown>>>>)[0]!;

describe('what is written with --registry', { timeout: SERVER_START_MS + DEADLINE_MS }, () => {
  it('by generate, topics write, privacy and replay promote is read by other clients, by runs and by comparisons', async (context) => {
    const { cli, foreign, region, project } = await setting(context);
    const { topics } = (await cli(['generate', '--learners', '10', '--days', '1', '--events-per-day', '60', '--json'])).json<{
      summary: { topics: Record<string, number> };
    }>().summary;
    for (const [topic, count] of Object.entries(topics)) expect(await foreign(topic), topic).toHaveLength(count);
    writeFileSync(join(project, 'clicks.jsonl'), `${JSON.stringify(click('late-1', region))}\n{"eventId":"none"}\n`);
    await cli(['topics', 'write', 'clicks', 'clicks.jsonl'], 1);
    const late = (await foreign('clicks')).filter(({ eventId }) => eventId === 'late-1');
    expect(late.map((one) => ({ ...one, personal: details(one) }))).toEqual([click('late-1', region)]);
    expect((await foreign('dead-letters')).map(({ sourceTopic }) => sourceTopic)).toEqual(['write/clicks/clicks.jsonl']);
    await cli(['privacy', 'object', 'learner-7']);
    expect((await foreign('profiles')).filter((one) => details(one).objectsToProfiling === true)).toHaveLength(1);

    await cli(['topology', 'new', 'my-first']);
    await cli(['run', 'my-first', '--until-end']);
    // The run read all of it: that click comes behind the clocks of the school.
    expect((await foreign('dead-letters')).map(({ code }) => code).sort()).toEqual(['SFS_LATE', 'SFS_REGION_MISMATCH']);
    await cli(['replay', 'run', 'my-first', '--rate', '5000']);
    const { share, topics: compared } = (await cli(['replay', 'diff', 'my-first', '--json'])).json<ReplayDiff>();
    expect([share, compared[0]!.same]).toEqual([0, (await foreign('my-first')).length]);
    await cli(['replay', 'promote', 'my-first']);
    const pointers = (await foreign('control')).filter(({ kind }) => kind === 'POINTER');
    expect(pointers.map(({ payload }) => JSON.parse(payload as string) as unknown)).toEqual([{ topic: 'my-first', serve: 'my-first.v2' }]);
    expect(await foreign('my-first.v2')).toHaveLength(compared[0]!.same);
  });

  it('by people who oversee, and by readers for their clients, is read by other clients, and by readers', async (context) => {
    const { cli, foreign, topics, project } = await setting(context);
    const why = ['--reason', 'a test', '--by', 'ada', ...topics];
    const order = async (...args: string[]): Promise<void> => {
      const { code, stderr } = await runCli(['oversight', ...args, ...why], project);
      expect([code, stderr]).toEqual([0, '']);
    };
    await order('override', 'learner-7', '--pin', 'item-1');
    await order('pause');
    await order('block', 'item-2');
    expect((await foreign('measures')).map(({ payload }) => JSON.parse(payload as string) as unknown)).toMatchObject([
      { action: 'pause', by: 'ada' },
      { action: 'block', item: 'item-2' },
    ]);
    expect((await foreign('overrides')).map((one) => [one.learner, details(one).pinned])).toEqual([['learner-7', ['item-1']]]);
    const shown = await cli(['oversight', 'list', '--json']);
    expect(shown.json()).toMatchObject({ paused: true, blockedItems: ['item-2'], overrides: [{ learner: 'learner-7', pinned: ['item-1'] }] });
    const blind = await runCli(['oversight', 'list', ...topics.slice(0, -2)], project);
    expect(blind.stdout).toBe('nothing is paused, blocked, killed or overridden\n');
    expect(blind.stderr).toBe('3 records have ids of a schema registry, and are not shown: give --registry\n');

    const child = startCli(['reader', '--port', '0', '--json', '--events', '--view', newFolder(), ...topics]);
    context.onTestFinished(() => void child.process.kill('SIGKILL'));
    let printed = '';
    child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    await expect.poll(() => printed, { timeout: 60_000, interval: 100 }).toContain('"ready":true');
    const { url } = JSON.parse(printed.split('\n')[0]!) as { readonly url: string };
    const answer = (await (await fetch(`${url}/v1/learners/learner-7/recommendations`)).json()) as { served: string; items: { item: string }[] };
    expect([answer.served, answer.items.map(({ item }) => item)]).toEqual(['paused', ['item-1']]);
    const sent = { eventId: 'f1', learner: 'learner-7', course: 'course-1', occurredAt: '2025-09-01T12:00:00Z', list: 'new', kind: 'OPENED' };
    const body = JSON.stringify({ events: [{ ...sent, item: 'item-1', position: 0 }] });
    const written = await fetch(`${url}/v1/feedback`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect([200, 202]).toContain(written.status);
    expect(await written.json()).toEqual({ written: 1 });
    await expect
      .poll(() => foreign('feedback'), { timeout: 60_000, interval: 500 })
      .toMatchObject([{ eventId: 'f1', learner: 'learner-7', occurredAtMs: noon }]);
  });

  it('by people is written with the ids of this package while the registry is away', async (context) => {
    const { kafka, region } = await setting(context);
    const place = { data: '', region, kafka, driver: 'confluent', replication: 1 } as const;
    const warnings: string[] = [];
    const warned = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', warned);
    context.onTestFinished(() => void process.off('warning', warned));
    const pause = measureOrder({ region, by: 'ada', reason: 'a test', nowMs: 1 }, { action: 'pause', course: null });
    await giveOrder({ ...place, registry: 'http://127.0.0.1:1' }, pause);
    expect((await readingOversight(place, (log) => oversightLog(log, region))).inForce.paused).toBe(true);
    await expect.poll(() => warnings.join('\n')).toContain('the decision is written with the schema id of this package');
  });
});
