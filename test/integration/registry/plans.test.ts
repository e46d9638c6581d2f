/** Plans ask a real schema registry: also whether a topology can read what others write to its sources now. */
import { SchemaRegistry as ForeignClient } from '@kafkajs/confluent-schema-registry';
import { describe, expect, it, type TestContext } from 'vitest';
import { schemaOf, selfContained, topics, type AvroRecord } from '../../../schemas/index.js';
import type { ReplayPlan } from '../../../scripts/commands/replayPlan.js';
import { newProject, runCli, type CliResult } from '../../scripts/commands/cliProcess.js';
import { newRegion } from '../cluster/replica.js';
import { SERVER_START_MS, sharedRegistry } from '../servers.js';

const DEADLINE_MS = 240_000;

interface Setting {
  readonly region: string;
  readonly cli: (...args: string[]) => Promise<CliResult>;
  /** Registers clicks with other fields, as their producer does. */
  readonly clicksWith: (change: (fields: AvroRecord['fields']) => AvroRecord['fields']) => Promise<unknown>;
}

async function setting(context: TestContext): Promise<Setting> {
  const url = await sharedRegistry(context);
  const [region, project] = [newRegion(), newProject()];
  const client = new ForeignClient({ host: url });
  return {
    region,
    cli: (...args) => runCli([...args, '--region', region, ...(args[0] === 'generate' || args[0] === 'run' ? [] : ['--registry', url])], project),
    clicksWith: (change) => {
      const clicks = selfContained(schemaOf(topics.clicks));
      return client.register({ ...clicks, fields: change(clicks.fields) } as never, { subject: `${region}.clicks-value` });
    },
  };
}

const more = { name: 'device', type: 'string', default: '' } as const;
const asText = (fields: AvroRecord['fields']): AvroRecord['fields'] =>
  fields.map((field) => (field.name === 'occurredAtMs' ? { ...field, type: 'string' } : field));

describe('a plan that is given a registry', { timeout: SERVER_START_MS + DEADLINE_MS }, () => {
  it('takes a source whose newest version has a field more, and is refused where a field has another type', async (context) => {
    const { region, cli, clicksWith } = await setting(context);
    await clicksWith((fields) => [...fields, more]);
    const taken = await cli('topology', 'plan', 'item-trends');
    expect(taken.code, taken.stdout + taken.stderr).toBe(0);
    const other = await setting(context);
    await other.clicksWith(asText);
    const refused = await other.cli('topology', 'plan', 'item-trends');
    expect([refused.code, region === other.region]).toEqual([1, false]);
    expect(refused.stdout).toContain(
      `! SFS_SCHEMA_REFUSED: ${other.region}.clicks-value, field occurredAtMs: the newest version cannot be read: type changed: string cannot be read as long`,
    );
  });

  it('of a replay is refused so, too', async (context) => {
    const { region, cli, clicksWith } = await setting(context);
    await cli('generate', '--learners', '5', '--days', '1', '--events-per-day', '50');
    expect((await cli('run', 'item-trends', '--until-end')).code).toBe(0);
    const before = await cli('replay', 'plan', 'item-trends', '--json');
    expect([before.code, before.json<ReplayPlan>()]).toMatchObject([0, { verdict: 'same-operators', problems: [] }]);
    await clicksWith(asText);
    const refused = await cli('replay', 'plan', 'item-trends');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^item-trends@\d+ beside item-trends@\d+: refused\n/);
    expect(refused.stdout).toContain(`! SFS_SCHEMA_REFUSED: ${region}.clicks-value, field occurredAtMs: the newest version cannot be read`);
  });
});
