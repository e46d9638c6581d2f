import { map, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { TopologyBuilder } from '../../operators/builder.js';
import { StageOutput, upstreamOf } from '../../operators/stage.js';

const output = (): StageOutput<string, number> => new StageOutput(new TopologyBuilder('under-test', 1, 'test'), 'stage', 0);
const record = (value: number) => ({ key: 'a', value, timestamp: value });

describe('an output of a stage', () => {
  it('hands each record to all that read it, in the order in which they came', () => {
    const from = output();
    const seen: string[] = [];
    from.listen(({ value }) => seen.push(`first ${value}`));
    from.pipe(map(({ value }) => value * 10)).subscribe((value) => seen.push(`second ${value}`));
    from.listen(({ value }) => seen.push(`third ${value}`));
    from.emit(record(1));
    from.emit(record(2));
    expect(seen).toEqual(['first 1', 'second 10', 'third 1', 'first 2', 'second 20', 'third 2']);
  });

  it('goes on with the others when one stops listening, also while a record is handed out', () => {
    const from = output();
    const seen: string[] = [];
    const stopFirst = from.listen(({ value }) => {
      seen.push(`first ${value}`);
      stopFirst();
      stopFirst();
    });
    from.listen(({ value }) => seen.push(`second ${value}`));
    const third = from.subscribe(({ value }) => seen.push(`third ${value}`));
    from.emit(record(1));
    third.unsubscribe();
    from.emit(record(2));
    expect(seen).toEqual(['first 1', 'second 1', 'third 1', 'second 2']);
  });

  it('goes on with the others when a pipeline of RxJS fails', () => {
    const from = output();
    const seen: unknown[] = [];
    from
      .pipe(
        map(() => {
          throw new Error('failed');
        }),
      )
      .subscribe({ error: (error: unknown) => seen.push(error) });
    from.listen(({ value }) => seen.push(value));
    from.emit(record(1));
    from.emit(record(2));
    expect(seen).toEqual([new Error('failed'), 1, 2]);
  });
});

describe('the stage that feeds an observable', () => {
  it('is found through operators of RxJS, which are counted', () => {
    const from = output();
    expect(upstreamOf(from)).toEqual({ output: from, through: 0 });
    const piped = from.pipe(
      map((one) => one),
      map((one) => one),
    );
    expect(upstreamOf(piped)).toEqual({ output: from, through: 2 });
  });

  it('is none for an observable of RxJS alone', () => {
    expect(() => upstreamOf(of(1))).toThrow(expect.objectContaining({ code: 'SFS_TOPOLOGY_DETACHED' }));
  });
});
