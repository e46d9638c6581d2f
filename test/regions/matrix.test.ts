/**
 * Who of one region meets what of another: every pair is tried, by running the component itself, or says why there is nothing to try. The same
 * of its own region comes in, so that a refusal is for the region.
 */
import { describe, expect, it } from 'vitest';
import { SERVER_START_MS } from '../integration/servers.js';
import { WHAT, WHO, type Cell, type What, type Who } from './cell.js';
import { serverCells } from './servers.js';
import { toolCells } from './tools.js';
import { workerCells } from './workers.js';

const CELLS: readonly Cell[] = [...workerCells, ...serverCells, ...toolCells];
const REGIONS = ['eu-west', 'eu-central'] as const;

/** Pairs that cannot meet, and why. */
const NEVER: Readonly<Partial<Record<Who, Readonly<Partial<Record<What, string>>>>>> = {
  replay: {
    'control record': 'read by the code of workers, from the same log',
    topic: 'names its sources as workers do',
    model: 'opens bundles as workers do',
  },
  reader: { header: 'reads none: what it serves is told by the value', model: 'has no model: only its console shows versions' },
  gateway: {
    'control record': 'reads no topic',
    topic: 'reads no topic, and writes those that its region names',
    model: 'has no model',
  },
  'training export': {
    header: 'looks at markers alone: what is exported is told by the value',
    'control record': 'reads none',
    state: 'reads topics alone',
    model: 'opens none',
  },
  trainer: {
    event: 'reads exports alone',
    header: 'reads exports alone',
    'control record': 'reads exports alone',
    topic: 'reads exports alone',
    model: 'a champion of another region: ml/tests/test_train_validate.py',
  },
  'state restore': {
    event: 'reads snapshots alone',
    header: 'reads snapshots alone',
    'control record': 'reads snapshots alone',
    topic: 'reads snapshots alone',
    model: 'reads snapshots alone',
  },
  'model following': {
    event: 'reads registries alone',
    header: 'reads registries alone',
    'control record': 'reads registries alone',
    topic: 'reads registries alone',
    state: 'its cache holds bundles, which are looked at as those of the registry',
  },
  tool: {
    header: 'show and copy records; what they use is told by the value',
    'control record': 'show them',
    state: 'batch run: test/scripts/batch/inputs.test.ts',
    model: 'model gate: test/scripts/models/gates/bundleGates.test.ts',
  },
};

const directions = ({ slow }: Cell): (readonly [here: string, there: string])[] =>
  REGIONS.flatMap((here) => REGIONS.map((there) => [here, there] as const)).filter(([here]) => slow !== true || here === REGIONS[0]);

describe('the matrix of regions', () => {
  it.each(WHO.flatMap((who) => WHAT.map((what) => [who, what] as const)))('has an answer for %s and %s', (who, what) => {
    const isTried = CELLS.some((cell) => cell.who === who && cell.what === what);
    expect([isTried, NEVER[who]?.[what] !== undefined]).toEqual([isTried, !isTried]);
  });

  for (const cell of CELLS) {
    it.for(directions(cell))(`${cell.who}, ${cell.what} (${cell.how}): %s meets %s`, { timeout: SERVER_START_MS }, async ([here, there], context) => {
      const outcome = await cell.run(here, there, context);
      if (here === there) {
        expect(outcome).toEqual({ refused: null, counted: 0, taken: 1, kept: true });
        return;
      }
      const counted = outcome.counted === 'start' || cell.code === 'not read' ? outcome.counted : 1;
      expect(outcome).toEqual({ refused: cell.code, counted, taken: 0, kept: true });
    });
  }
});
