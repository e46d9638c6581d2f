import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { importOulad } from '../../../scripts/commands/ouladImport.js';
import { countsOf } from '../../../scripts/commands/reconciliation.js';
import { runTopologies } from '../../../scripts/commands/topologyRun.js';
import { loadTopology, ownTopologyFiles } from '../../../scripts/topologyFiles.js';
import { smallOulad } from '../../fixtures/oulad/files.js';

const region = 'eu-west';

describe('all topologies over a whole data set', () => {
  it('reconcile record by record: joins, tables and copartitioned topics too, with clock markers in every source', { timeout: 60_000 }, async () => {
    const [storage, folder] = [memoryStorage(), smallOulad()];
    const topologies = await Promise.all(ownTopologyFiles().map(loadTopology));
    for (const untilDay of [4, undefined]) {
      await importOulad(storage, folder, { region, presentation: '2013J', untilDay });
      // What was imported and not run yet waits, and clock markers are no records.
      const before = await countsOf(storage, undefined, region);
      expect(before.flatMap(({ problems, uncountable }) => [...problems, ...uncountable])).toEqual([]);
      const { processed } = await runTopologies(storage, topologies, { region, mode: 'until-end' });
      const counts = await countsOf(storage, undefined, region);
      expect(counts.flatMap(({ problems, uncountable }) => [...problems, ...uncountable])).toEqual([]);
      expect(counts.map(({ inLog, processed: done, waiting }) => [waiting, inLog - done])).toEqual(counts.map(() => [0, 0]));
      expect(counts.filter(({ reads }) => reads.includes(`${region}.clicks`)).map(({ inLog }) => inLog)).toEqual(
        Array(3).fill(untilDay === 4 ? 3 : 5),
      );
      expect(processed).toBeGreaterThan(0);
    }
  });
});
