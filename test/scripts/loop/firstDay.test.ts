/** The first day of the loop on real servers; the whole of it is `npm run loop`, whose last result is docs/reference/loop.md. */
import { describe, expect, it } from 'vitest';
import { Loop, LOOP_SERVERS, SIZES, type LoopStep } from '../../../scripts/loop/loop.js';
import { skipPastHalfTime } from '../../fixtures/halfTime.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { SERVER_START_MS, needDriver, ownServices, sharedProgram } from '../../integration/servers.js';
import { newFolder } from '../../fixtures/folders.js';

describe('the daily loop', { timeout: SERVER_START_MS }, () => {
  it('comes from events to lists of a trained model, in one day', async (context) => {
    skipPastHalfTime(context);
    skipWithoutPython(context, 'operations', 'batch');
    await needDriver('confluent', context);
    const services = await ownServices(LOOP_SERVERS, context);
    await sharedProgram();
    const told = ({ name, seconds, found }: LoopStep): void => console.log(`${name} (${seconds.toFixed(1)} s): ${found}`);
    const steps = await Loop.firstDay(services, SIZES.short, newFolder(), { onStep: () => undefined, onDone: told });
    const found = new Map(steps.map((step) => [step.name, step.found]));
    expect(found.get('first day: skew of serving and training')).toMatch(/^0 differences in \d{4,} rows of \d{3,} decisions$/);
    expect(found.get('first day: gates')).toMatch(/^passed, \d+ gates$/);
    expect(found.get('lists of the first model')).toMatch(/^learner-\d+ was served by [0-9a-f]{12} after [\d.]+ s$/);
  });
});
