import { afterEach, describe, expect, it } from 'vitest';
import { reduce, schema, topology, type Topology, type ValueSchema } from '../../../operators/index.js';
import { event, events, timed, toResults, type Event } from '../../operators/pipelines.js';
import { openUnderTest } from '../embedded/folders.js';
import { found, record, run, send, started } from './running.js';

/** Counts the events of a key in rows of a given shape. */
function counting<S>(state: ValueSchema<S>, initial: S, next: (state: S, value: Event) => S): Topology {
  return topology('counting', { version: 1 }, ({ source }) => {
    source(events, timed).pipe(reduce('total', { state, initial, reduce: next }), toResults());
  });
}

const plain = counting(schema.record({ n: schema.long }), { n: 0 }, ({ n }) => ({ n: n + 1 }));
const noted = counting(schema.record({ n: schema.long, last: schema.nullable(schema.string) }), { n: 0, last: null }, ({ n }, { tag }) => ({
  n: n + 1,
  last: tag,
}));
const renamed = counting(schema.record({ count: schema.long }), { count: 0 }, ({ count }) => ({ count: count + 1 }));
/** Rows of another shape that the older ones cannot become, under the same initial value. */
const required = counting(schema.record({ n: schema.long, since: schema.long }) as never, { n: 0 }, ({ n }) => ({
  n: n + 1,
  since: 0,
}));

let dispose: () => Promise<void>;
afterEach(() => dispose());

async function opened(): Promise<Awaited<ReturnType<typeof openUnderTest>>> {
  const under = await openUnderTest({ upkeepIntervalMs: 0 });
  dispose = () => under.dispose();
  await run(under.storage, plain);
  await send(under.storage, record(events, event('a', 1)), record(events, event('b', 2)), record(events, event('a', 3)));
  await run(under.storage, plain);
  return under;
}

describe('a restart with another schema of a store', () => {
  it('reads the rows of the older one, writes those it touches in the new one, and goes back as well', async () => {
    const under = await opened();
    const { storage } = under;
    await send(storage, record(events, event('a', 4, { tag: 'x' })));
    await run(storage, noted);
    const again = await under.reopen();
    await send(again, record(events, event('a', 5, { tag: 'y' })), record(events, event('b', 6, { tag: 'z' })));
    await run(again, noted);
    await send(again, record(events, event('a', 7)), record(events, event('b', 8)));
    await run(again, plain);
    expect(found(again).filter(([key]) => key === 'a')).toEqual([
      ['a', 1, { n: 1 }],
      ['a', 3, { n: 2 }],
      ['a', 4, { n: 3, last: 'x' }],
      ['a', 5, { n: 4, last: 'y' }],
      ['a', 7, { n: 5 }],
    ]);
    expect(
      found(again)
        .filter(([key]) => key === 'b')
        .map(([, , value]) => value),
    ).toEqual([{ n: 1 }, { n: 2, last: 'z' }, { n: 3 }]);
  });

  it('is refused at the start, not at the first row, where the older rows cannot be migrated', async () => {
    const { storage } = await opened();
    await expect(started(storage, required)).rejects.toMatchObject({
      code: 'SFS_STATE_SCHEMA',
      message: expect.stringContaining('total/state') as string,
    });
    await send(storage, record(events, event('a', 4)));
    await run(storage, plain);
    expect(
      found(storage)
        .filter(([key]) => key === 'a')
        .at(-1),
    ).toEqual(['a', 4, { n: 3 }]);
  });

  it('is refused as a changed operator where more than the schema changed', async () => {
    const { storage } = await opened();
    await expect(started(storage, renamed)).rejects.toMatchObject({ code: 'SFS_PLAN_CHANGED' });
  });
});
