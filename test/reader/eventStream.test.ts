import { describe, expect, it } from 'vitest';
import { EventStream } from '../../reader/http/eventStream.js';

const event = (id: string, data = '{}') => ({ id, event: 'recommendations', data });

describe('a stream of events', () => {
  it('keeps only the last event for a client that is slow', () => {
    const stream = new EventStream();
    const large = 'x'.repeat(stream.readableHighWaterMark);
    stream.send(event('1', large));
    for (let id = 2; id < 1000; id++) stream.send(event(String(id), large));
    expect(stream.readableLength).toBeLessThan(2 * stream.readableHighWaterMark);
    let text = '';
    for (let part = stream.read() as Buffer | null; part !== null; part = stream.read() as Buffer | null) text += part.toString();
    expect(text.match(/^id: \d+$/gm)).toEqual(['id: 1', 'id: 999']);
  });

  it('gives up a client that takes nothing for some signs of life, and no other', () => {
    const slow = new EventStream();
    slow.send(event('1', 'x'.repeat(slow.readableHighWaterMark)));
    const quick = new EventStream();
    for (let beats = 0; beats < 10; beats++) {
      slow.beat();
      quick.beat();
      quick.read();
    }
    expect([slow.destroyed, quick.destroyed]).toEqual([true, false]);
  });

  it('takes no events after its end', () => {
    const stream = new EventStream();
    stream.end();
    stream.send(event('1'));
    stream.beat();
    stream.end();
    expect(String(stream.read())).toBe('retry: 2000\n\n');
  });
});
