/** The state in Redis is lost as a whole: a copy brings it back, the log builds it again, or the worker says that neither can be. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../scripts/commands/cliProcess.js';
import { openOn } from '../cluster/replica.js';
import { SERVER_START_MS } from '../servers.js';
import { Region } from './restoring.js';
import { newFolder } from '../../fixtures/folders.js';

describe('state in Redis that is lost', { timeout: SERVER_START_MS }, () => {
  it('comes back from a copy, and what came after the copy is computed again', async (context) => {
    const region = await Region.open(context);
    const cli = (...args: string[]) => runCli([...args, '--redis', region.servers.redis, '--region', region.name, '--json']);
    const file = join(newFolder(), 'state.jsonl');
    const rows = await region.working(async (opened) => {
      await region.send(600, opened);
      expect(await region.differencesAtRest(opened)).toEqual([]);
      const copied = await cli('state', 'snapshot', '--out', file);
      expect([copied.code, copied.json()]).toEqual([
        0,
        { summary: expect.objectContaining({ topologies: ['tallying@1'], tasks: 6, rows: 27 }) as unknown },
      ]);
      const refused = await cli('state', 'restore', file);
      expect([refused.code, refused.json()]).toEqual([3, { error: expect.objectContaining({ code: 'SFS_TASK_CLAIMED' }) as unknown }]);
      await region.send(600, opened);
      expect(await region.differencesAtRest(opened)).toEqual([]);
      return region.rows(opened);
    });
    await region.flush();
    const damaged = join(newFolder(), 'state.jsonl');
    writeFileSync(damaged, readFileSync(file, 'utf8').replace('"key":"learner-1"', '"key":"learner-x"'));
    expect((await cli('state', 'restore', damaged)).json()).toMatchObject({ error: { code: 'SFS_SNAPSHOT_INVALID' } });
    expect((await cli('state', 'restore', file)).json()).toMatchObject({ summary: { tasks: 6, rows: 27 } });
    await region.working(async (opened) => {
      expect(await region.differencesAtRest(opened)).toEqual([]);
      expect(await region.rows(opened)).toEqual(rows);
    });
  });

  it('is built again from the log, also beneath a worker that runs', async (context) => {
    const region = await Region.open(context);
    const rows = await region.working(async (opened) => {
      await region.send(600, opened);
      expect(await region.differencesAtRest(opened)).toEqual([]);
      return region.rows(opened);
    });
    await region.flush();
    await region.working(async (opened) => {
      expect(await region.differencesAtRest(opened)).toEqual([]);
      expect(await region.rows(opened)).toEqual(rows);
      await region.flush();
      await region.send(600, opened);
      expect(await region.differencesAtRest(opened)).toEqual([]);
      expect((await region.rows(opened)).size).toBe(27);
      // What tells how to read the rows is there again, too.
      const names = await opened.state.documents.names('');
      expect(names.filter((name) => /^(deployed|state-schemas)\//.test(name))).toHaveLength(3);
    });
  });

  it('is not built from a log that has forgotten a part, and can be put back at once', async (context) => {
    const region = await Region.open(context);
    const file = join(newFolder(), 'state.jsonl');
    const toRedis = ['--redis', region.servers.redis, '--region', region.name, '--json'];
    await region.working(async (opened) => {
      await region.send(60, opened);
      expect(await region.differencesAtRest(opened)).toEqual([]);
      expect((await runCli(['state', 'snapshot', '--out', file, ...toRedis])).code).toBe(0);
    });
    await region.flush();
    const admin = new Kafka({ brokers: [region.servers.kafka], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    // Asked for first: the client deletes only of topics that it has heard of.
    await admin.fetchTopicOffsets(region.topic);
    await admin.deleteTopicRecords({ topic: region.topic, partitions: [{ partition: 1, offset: '2' }] });
    await admin.disconnect();
    const topology = join(import.meta.dirname, 'tallies.ts');
    const servers = ['--kafka', region.servers.kafka, '--redis', region.servers.redis, '--region', region.name];
    const ended = await runCli(['run', topology, ...servers, '--json', '--no-check']);
    expect([ended.code, ended.json()]).toEqual([3, { error: expect.objectContaining({ code: 'SFS_STATE_LOST' }) as unknown }]);
    // Refused, and not begun: who puts the state back finds it as it was left.
    const opened = await openOn(region.servers, region.name);
    expect(await opened.state.rows('tallying@1/0/1').progress()).toBeNull();
    await opened.close();
    // A claim that the failed opening had kept would refuse it.
    expect((await runCli(['state', 'restore', file, ...toRedis])).json()).toMatchObject({ summary: { tasks: 6 } });
  });
});
