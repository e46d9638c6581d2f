/** A reader of its own process, and the commands that people give, for tests that measure how long an answer takes to change. */
import { expect, onTestFinished } from 'vitest';
import { runCli, startCli } from '../commands/cliProcess.js';
import { shortOf } from '../../reader/serving.js';

/** What a pause has at most, from the command to the answer, ms. */
export const MOST_MS = 10_000;
const START_MS = 60_000;

/** Starts `skillforge reader` and waits until it has caught up. */
export async function liveReader(args: readonly string[]): Promise<(learner: string) => Promise<unknown>> {
  const child = startCli(['reader', '--port', '0', '--clock', 'data', '--json', ...args]);
  onTestFinished(() => void child.process.kill('SIGKILL'));
  let printed = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  await expect.poll(() => printed, { timeout: START_MS, interval: 50 }).toContain('"ready":true');
  const { url } = JSON.parse(printed.split('\n')[0]!) as { readonly url: string };
  return async (learner) => shortOf(await (await fetch(`${url}/v1/learners/${learner}/recommendations`)).json());
}

/** Gives a command, and measures how long it takes until the answer is as expected, from the start of the command on. */
export async function effectOf(command: readonly string[], answer: () => Promise<unknown>, expected: unknown): Promise<number> {
  const startMs = performance.now();
  const { code, stderr } = await runCli(['oversight', ...command]);
  expect([code, stderr]).toEqual([0, '']);
  await expect.poll(answer, { timeout: MOST_MS, interval: 20 }).toEqual(expected);
  const tookMs = performance.now() - startMs;
  expect(tookMs).toBeLessThan(MOST_MS);
  return tookMs;
}
