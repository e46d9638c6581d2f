import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { importSyntheticClicks } from '../../../scripts/commands/syntheticImport.js';

const DAY = { learners: 20, days: 1, clicksPerDay: 7_000 };

describe('generated clicks', () => {
  it('are exactly as many as wanted, and go on from there when more are', async () => {
    const storage = memoryStorage();
    const told: (readonly [number, number])[] = [];
    const importing = (most: number | null) => importSyntheticClicks(storage, DAY, most, (done, total) => told.push([done, total]));
    expect(await importing(6_000)).toMatchObject({ written: 6_000, alreadyThere: 0 });
    expect(told).toEqual([
      [5_000, 6_000],
      [6_000, 6_000],
    ]);
    expect(await importing(6_000)).toMatchObject({ written: 0, alreadyThere: 6_000 });
    expect(await importing(6_001)).toMatchObject({ written: 1, alreadyThere: 6_000 });
    expect(await importing(100)).toMatchObject({ written: 0, alreadyThere: 100 });
    const { written } = await importing(null);
    expect(written).toBeGreaterThan(500);
  });
});
