import { describe, expect, it } from 'vitest';
import { WorkFolder } from '../../../scripts/evaluation/workFolder.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

/** Three steps, of which the second depends on `input` and the third on both before it; and one aside. */
async function work(folder: string, input: number, fails = false): Promise<{ done: string[]; results: number[] }> {
  const done: string[] = [];
  const steps = new WorkFolder(folder);
  const doing = (name: string, result: number) => (): Promise<number> => {
    if (fails && name === 'third') return Promise.reject(new Error('no room'));
    done.push(name);
    return Promise.resolve(result);
  };
  const first = await steps.step('first', null, doing('first', 1));
  const second = await steps.step('second', { input }, doing('second', first + input));
  const aside = await steps.aside('aside', null, doing('aside', 0));
  const third = await steps.step('third', null, doing('third', second * 10));
  return { done, results: [first, second, aside, third] };
}

describe('a folder of work', () => {
  it('does each step once, and gives its result again', async () => {
    const folder = temporaryFolder();
    expect(await work(folder, 2)).toEqual({ done: ['first', 'second', 'aside', 'third'], results: [1, 3, 0, 30] });
    expect(await work(folder, 2)).toEqual({ done: [], results: [1, 3, 0, 30] });
  });

  it('does again what depends on something that changed', async () => {
    const folder = temporaryFolder();
    await work(folder, 2);
    expect(await work(folder, 3)).toEqual({ done: ['second', 'aside', 'third'], results: [1, 4, 0, 40] });
  });

  it('goes on where a step failed', async () => {
    const folder = temporaryFolder();
    await expect(work(folder, 2, true)).rejects.toThrow('no room');
    expect((await work(folder, 2)).done).toEqual(['third']);
  });

  it('has a mark that tells what was done on what, and leaves out what no step depends on', async () => {
    const markAfter = async (input: number, ...asides: readonly string[]): Promise<string> => {
      const steps = new WorkFolder(temporaryFolder());
      await steps.step('first', { input }, () => Promise.resolve(0));
      for (const aside of asides) await steps.aside(aside, null, () => Promise.resolve(0));
      return steps.mark;
    };
    expect(await markAfter(1, 'aside')).toBe(await markAfter(1));
    expect(await markAfter(2)).not.toBe(await markAfter(1));
  });
});
