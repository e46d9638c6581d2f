import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Channel, type Arrival } from '../../../runtime/engine/channel.js';
import { HeaderWriter, readHeader } from '../../../runtime/engine/header.js';
import type { ChannelProgress } from '../../../runtime/engine/progress.js';
import { topics, type Topic } from '../../../schemas/index.js';

const SOURCE = { topic: topics.clicks as Topic<string, unknown>, latenessMs: 0 };
const PROMISED_MS = 1_000;

const started = (): ChannelProgress => ({ next: 0, clockMs: -Infinity, watermarkMs: -Infinity, idle: false, ended: false });
const channelOf = (progress: ChannelProgress): Channel => new Channel('clicks/0/external', progress, { repeated: 0 });

/** A clock marker stands just before the time that it promises. */
function clockMarker(): Arrival {
  const times = { eventTimeMs: PROMISED_MS, streamTimeMs: PROMISED_MS - 1, watermarkMs: PROMISED_MS };
  const header = new HeaderWriter({ name: 'clock', partition: 0, count: 1 }).marker(times, { idle: false, end: false });
  const record = { offset: 0, appendTimeMs: PROMISED_MS, key: null, value: null, header };
  return { record, header: readHeader(header), clockMs: PROMISED_MS - 1, eventTimeMs: PROMISED_MS, key: '', value: null, error: null };
}

describe('a channel whose marker is being processed', () => {
  it('keeps the promise over a restart: timers that it moved may fire over several commits', () => {
    const progress = started();
    const channel = channelOf(progress);
    channel.push(clockMarker(), SOURCE);
    channel.observe(clockMarker(), SOURCE);
    expect(channel.nextMs).toBe(PROMISED_MS);
    const restarted = channelOf(structuredClone(progress));
    expect(restarted.nextMs).toBe(PROMISED_MS);
    expect(restarted.progress.clockMs).toBe(PROMISED_MS - 1);
  });

  it('has it in its clock when the marker is taken, and nowhere else', () => {
    const channel = channelOf(started());
    channel.push(clockMarker(), SOURCE);
    channel.observe(clockMarker(), SOURCE);
    channel.pass(clockMarker(), SOURCE);
    expect(channel.progress).toEqual({ next: 1, clockMs: PROMISED_MS, watermarkMs: PROMISED_MS, idle: false, ended: false, clocks: 1 });
  });
});

/** Puts some arrivals in; gives what tells whether the value of each is still in memory. */
function filled(channel: Channel, count: number): readonly WeakRef<object>[] {
  return Array.from({ length: count }, (_, offset) => {
    const value = { offset };
    const record = { offset, appendTimeMs: 0, key: null, value: Buffer.alloc(1), header: null };
    channel.push({ record, header: null, clockMs: 0, eventTimeMs: 0, key: '', value, error: null }, SOURCE);
    return new WeakRef(value);
  });
}

describe('a channel from which some have been taken', () => {
  it('lets go of them at once, and of nothing that waits', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const channel = channelOf(started());
    const values = filled(channel, 5);
    for (let taken = 0; taken < 3; taken++) channel.shift();
    // What a weak reference was made of, or has shown, stays until the turn is over.
    await new Promise(setImmediate);
    collect();
    expect(values.map((value) => value.deref() !== undefined)).toEqual([false, false, false, true, true]);
    expect([channel.size, channel.bytes, channel.peek()?.record.offset]).toEqual([2, 2, 3]);
  });
});
