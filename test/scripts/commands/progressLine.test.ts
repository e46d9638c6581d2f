import { describe, expect, it } from 'vitest';
import { ProgressLine, workText } from '../../../scripts/commands/progressLine.js';

/** A stream that keeps what is written. */
function recorder(isTTY: boolean): { readonly stream: NodeJS.WriteStream; readonly written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { stream: { isTTY, columns: 80, write } as unknown as NodeJS.WriteStream, written };
}

const work = (done: number) => ({ what: 'importing', done, total: 1_000, unit: 'clicks' });

describe('workText', () => {
  it('gives share, amounts, rate and time left', () => {
    expect(workText(work(250), 250, 0.5)).toBe('importing  █████░░░░░░░░░░░░░░░  25 % 250 of 1,000 clicks, 500/s, 1.5 s left');
  });

  it('does without share and time left when the total is not known', () => {
    expect(workText({ what: 'reading', done: 5, total: null, unit: 'rows', note: 'watermark -' }, 5, 1)).toBe('reading  5 rows, 5/s, watermark -');
  });
});

describe('ProgressLine', () => {
  it('writes a line every few seconds where there is no terminal', () => {
    const { stream, written } = recorder(false);
    let nowMs = 0;
    const line = new ProgressLine(false, stream, () => nowMs);
    for (; nowMs < 6_500; nowMs += 100) line.update(work(nowMs / 10));
    line.end();
    expect(written).toHaveLength(2);
    expect(written.every((text) => text.endsWith('\n') && !text.includes('\r'))).toBe(true);
  });

  it('writes no line twice there: a run that waits would fill a file', () => {
    const { stream, written } = recorder(false);
    let nowMs = 0;
    const line = new ProgressLine(false, stream, () => nowMs);
    for (; nowMs < 30_000; nowMs += 100) line.update(work(nowMs < 4_000 ? nowMs / 10 : 400));
    expect(written).toHaveLength(2);
  });

  it('writes over one line on a terminal, within its width, and clears it at the end', () => {
    const { stream, written } = recorder(true);
    let nowMs = 0;
    const line = new ProgressLine(false, stream, () => nowMs);
    for (; nowMs < 1_000; nowMs += 50) line.update(work(nowMs));
    line.end();
    expect(written.length).toBeGreaterThan(5);
    expect(written.every((text) => text.startsWith('\r') && !text.includes('\n') && text.length < 85)).toBe(true);
    expect(written.at(-1)).toBe('\r\x1b[K');
  });

  it('tells the rate of all parts of a work, each of which counts from 0', () => {
    const { stream, written } = recorder(false);
    let nowMs = 0;
    const line = new ProgressLine(false, stream, () => nowMs);
    for (; nowMs <= 9_000; nowMs += 100) line.update(work((nowMs % 2_000) / 10));
    expect(written.map((text) => / ([-\d]+)\/s/.exec(text)?.[1])).toEqual(['97', '95', '96']);
  });

  it('is silent with --json', () => {
    const { stream, written } = recorder(true);
    const line = new ProgressLine(true, stream);
    line.update(work(1));
    line.end();
    expect(written).toEqual([]);
  });
});
