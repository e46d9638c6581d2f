import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SkillForgeError } from '../../../schemas/index.js';
import { ServerPulse } from '../../../scripts/serving/serverPulse.js';

const unavailable = (): Promise<never> => Promise.reject(new SkillForgeError('SFS_BROKER_UNAVAILABLE', 'nobody there'));

describe('the pulse of a server', () => {
  it('is there while it answers, and is taken once while that is fresh, however many ask', async () => {
    let asked = 0;
    const ask = async (): Promise<void> => {
      asked++;
      await sleep(20);
    };
    const pulse = new ServerPulse(ask, { freshMs: 60_000, patienceMs: 10_000 });
    expect(await Promise.all([pulse.now(), pulse.now()])).toEqual([null, null]);
    expect([await pulse.now(), asked]).toEqual([null, 1]);
  });

  it('is not there where it refuses, with the code that says why, until it answers again', async () => {
    let isThere = false;
    const pulse = new ServerPulse(() => (isThere ? Promise.resolve() : unavailable()), { freshMs: 0, patienceMs: 10_000 });
    expect(await pulse.now()).toBe('SFS_BROKER_UNAVAILABLE');
    isThere = true;
    await expect.poll(() => pulse.now()).toBeNull();
  });

  it('is waited for no longer than patience, and by nobody while it is known to be silent; one question is under way at a time', async () => {
    let asked = 0;
    let answer: () => void = () => undefined;
    const ask = (): Promise<void> => {
      asked++;
      return new Promise((resolve) => (answer = resolve));
    };
    const pulse = new ServerPulse(ask, { freshMs: 0, patienceMs: 50 });
    expect(await pulse.now()).toBe('it does not answer');
    for (let more = 0; more < 5; more++) expect(await pulse.now()).toBe('it does not answer');
    expect(asked).toBe(1);
    answer();
    await expect
      .poll(() => {
        answer();
        return pulse.now();
      })
      .toBeNull();
  });
});
