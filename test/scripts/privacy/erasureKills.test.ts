/** Processes that erase, killed outright at each step: no handler runs, no file is closed, no transaction ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { eraseLearner, erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { SigningKey, isAsSigned } from '../../../scripts/privacy/erasure/signing.js';
import { STEPS } from '../../../scripts/privacy/erasure/steps.js';
import { verifyErased } from '../../../scripts/privacy/erasure/verification.js';
import { verifyEmbedded } from '../../../runtime/embedded/index.js';
import { at } from '../../topologies/clicks.js';
import { COMPILED_MS, compiledProgram } from '../../fixtures/compiledTree.js';
import { erasable, type Erasable } from './erasable.js';
import { fillOutbox, waitingIn } from './filledOutbox.js';

const SLOW_MS = 240_000;
const NOW = at(3);
const KILLS = STEPS.flatMap(({ name }) => [`${name} begun`, `${name} worked`]);

let program: string;
let place: Erasable;

beforeAll(async () => {
  program = await compiledProgram('test/scripts/privacy/children/erasing.ts');
  place = await erasable();
  await fillOutbox(place);
}, COMPILED_MS);

/** How a process ended that erases until it is killed at an instant. */
async function killedAt(instant: string): Promise<string | null> {
  const args = [program, JSON.stringify(place.installation), place.ada, instant, String(NOW)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal;
}

describe('a process that erases', { timeout: SLOW_MS }, () => {
  it('may be killed at any step, each time anew: what comes after it finishes, and damages nothing', async () => {
    for (const kill of KILLS) expect(await killedAt(kill), kill).toBe('SIGKILL');
    const key = SigningKey.at(join(erasuresFolder(place.installation), 'receipts.key'));
    const receipt = await eraseLearner({ installation: place.installation, learner: place.ada, key, clock: () => NOW });
    expect(isAsSigned(receipt)).toBe(true);
    // Killed when it was begun, and when it was worked, before it was known to be done.
    expect(receipt.steps.map(({ step, attempts }) => [step, attempts])).toEqual(STEPS.map(({ name }) => [name, 3]));
    expect((await verifyErased(place.installation, place.ada)).filter(({ readable }) => readable > 0)).toEqual([]);
    expect(verifyEmbedded(place.installation.data).problems).toEqual([]);
    expect(await waitingIn(place)).not.toContain(place.ada);
    expect(await waitingIn(place)).toContain(place.bob);
  });
});
