import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTopologyFile, checkTopologySource, findingsAsText, type Finding } from '../../scripts/topology/check.js';
import { packageRoot } from '../../schemas/index.js';

const FILE = join(packageRoot(), 'topologies', 'example.ts');
const LANGUAGE = `import { aggregate, batch, count, keyBy, merge, reduce, schema, sum, to, topology, tumbling, withValue } from '../operators/index.js';
import { topics } from '../schemas/index.js';
`;

/** A topology whose pipeline holds `operator`, with `head` above it. */
const withOperator = (operator: string, head = ''): string => `${LANGUAGE}${head}
export default topology('example', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(${operator}, to(topics.clicks));
});
`;

const check = (text: string): Finding[] => checkTopologySource(FILE, text);
const codes = (text: string): string[] => check(text).map((one) => one.code.replace('SFS_CHECK_', ''));

/** Checks a text in which `«` stands before each place that is refused, in order. */
function expectRefusedAtMarks(marked: string, code: string): Finding[] {
  const findings = check(marked.replaceAll('«', ''));
  const marks = marked
    .split('\n')
    .flatMap((line, index) => [...line.matchAll(/«/g)].map((match, nth) => ({ line: index + 1, column: match.index - nth + 1 })));
  expect(findings.map(({ line, column }) => ({ line, column }))).toEqual(marks);
  expect(new Set(findings.map((one) => one.code))).toEqual(new Set([`SFS_CHECK_${code}`]));
  return findings;
}

describe('the operators of RxJS', () => {
  it.each([
    ['scan', '`reduce`'],
    ['reduce', '`reduce`'],
    ['bufferTime', '`tumbling`'],
    ['bufferCount', '`sessions`'],
    ['windowTime', '`hopping`'],
    ['debounceTime', '`debounce`'],
    ['throttleTime', '`debounce`'],
    ['auditTime', '`debounce`'],
    ['sampleTime', '`debounce`'],
    ['distinct', '`dedupe`'],
    ['distinctUntilChanged', '`dedupe`'],
    ['delay', '`everySilent`'],
    ['timeout', '`everySilent`'],
    ['interval', '`everySilent`'],
    ['combineLatest', '`joinTable`'],
    ['withLatestFrom', '`joinTable`'],
    ['zip', '`joinInterval`'],
    ['forkJoin', '`joinAsOf`'],
    ['merge', '`merge`'],
    ['concat', '`merge`'],
    ['race', '`merge`'],
    ['share', 'stage is shared'],
    ['shareReplay', 'stage is shared'],
    ['groupBy', '`keyBy`'],
    ['pairwise', '`aggregate`'],
    ['take', '`aggregate`'],
    ['toArray', '`aggregate`'],
    ['observeOn', 'at once'],
    ['Subject', '`source`'],
    ['catchError', 'dead letters'],
    ['retry', 'dead letters'],
    ['tap', '`to(topic)`'],
    ['switchMap', '`mergeMap`'],
    ['firstValueFrom', '`batch`'],
    ['Observable', '`import type`'],
    ['somethingOfRxjs9', '`map`'],
  ])('are refused when they are not stateless and synchronous: %s, for which there is %s', (name, twin) => {
    const [finding] = expectRefusedAtMarks(`import { map, «${name} as renamed } from 'rxjs';\n${withOperator('map((record) => record)')}`, 'RXJS');
    expect(finding!.message).toContain(`rxjs \`${name}\``);
    expect(finding!.message).toContain(twin);
  });

  it('are refused from rxjs/operators, through a namespace, by element access and when re-exported', () => {
    expectRefusedAtMarks(`import { «scan } from 'rxjs/operators';\n${withOperator('identity')}`, 'RXJS');
    expectRefusedAtMarks(withOperator(`«rx.scan((a) => a)`, `import * as rx from 'rxjs';`), 'RXJS');
    expectRefusedAtMarks(withOperator(`«rx['scan']((a) => a)`, `import * as rx from 'rxjs';`), 'RXJS');
    expectRefusedAtMarks(withOperator('identity', `import * as rx from 'rxjs';\nconst { scan } = «rx;`), 'RXJS');
    expectRefusedAtMarks(withOperator('identity', `export { map, «scan } from 'rxjs';`), 'RXJS');
    expectRefusedAtMarks(withOperator('identity', `«export * from 'rxjs';`), 'RXJS');
    expectRefusedAtMarks(withOperator('identity', `«import rx from 'rxjs';`), 'RXJS');
  });

  it('are allowed when they are stateless and synchronous, and as types', () => {
    const head = `import type { Observable } from 'rxjs';\nimport { concatMap, filter, map, mergeMap, of, pipe, type OperatorFunction } from 'rxjs';\nimport * as rx from 'rxjs';\nexport type T = rx.Observable<OperatorFunction<string, Observable<string>>>;`;
    expect(
      check(
        withOperator(
          'map((record) => record), rx.filter(() => true), mergeMap((record) => of(record, record)), concatMap((record) => [record])',
          head,
        ),
      ),
    ).toEqual([]);
  });

  it('are the ones meant by the import: a function of the same name is no finding', () => {
    expect(check(withOperator('map((record) => scan(record))', `import { map } from 'rxjs';\nconst scan = (value: unknown) => value;`))).toEqual([]);
  });

  it('may not make streams outside of a mergeMap callback', () => {
    expectRefusedAtMarks(withOperator('identity', `import { of, identity } from 'rxjs';\nexport const numbers = «of(1, 2);`), 'RXJS');
    expectRefusedAtMarks(withOperator('(() => identity)(), merge("both", clicks, «from([]))', `import { from, identity } from 'rxjs';`), 'RXJS');
  });

  it('may not count records by the index of their callback', () => {
    expectRefusedAtMarks(withOperator('map((record, «index) => withValue(record, index))', `import { map } from 'rxjs';`), 'STATE');
  });

  it('may not be subscribed to', () => {
    expectRefusedAtMarks(withOperator('identity').replace('clicks.pipe', 'clicks.«subscribe();\n  clicks.pipe'), 'RXJS');
  });
});

describe('asynchronous work', () => {
  it.each([
    'map(«async (record) => record)',
    'map((record) => «Promise.resolve(record))',
    'map((record) => «fetch(record.key))',
    'map((record) => «setTimeout(() => record, 1))',
    'map((record) => «load(record).then((loaded) => loaded))',
  ])('is refused in the build function: %s', (operator) => {
    const [finding] = expectRefusedAtMarks(withOperator(operator, `import { map } from 'rxjs';`), 'ASYNC');
    expect(finding!.message).toContain('`batch`');
  });

  it('is allowed in the run of a batch, and in what only this calls', () => {
    const head = `const score = async (value: unknown) => (await fetch(String(value))).json();\nasync function scoreAll(records: readonly unknown[]) { return Promise.all(records.map(score)); }`;
    expect(check(withOperator('batch("score", { value: schema.string, maxRecords: 10, run: scoreAll })', head))).toEqual([]);
    expect(
      check(withOperator('batch("score", { value: schema.string, maxRecords: 10, async run(records) { return await scoreAll(records); } })', head)),
    ).toEqual([]);
  });

  it('is refused where a function that a batch runs is called elsewhere, too', () => {
    const head = `import { map } from 'rxjs';\nconst score = async (value: unknown) => value;`;
    expectRefusedAtMarks(
      withOperator('batch("score", { value: schema.string, maxRecords: 1, run: score }), map((record) => «score(record))', head),
      'ASYNC',
    );
  });
});

describe('clock, randomness and surroundings', () => {
  it.each([
    '«Date.now()',
    'new «Date()',
    '«Date()',
    '«performance.now()',
    '«Math.random()',
    '«crypto.randomUUID()',
    '«process.env.REGION',
    '«process.hrtime()',
    '«globalThis.process',
    '«import.meta.url',
    '«console.log(record)',
    `«Math['random']()`,
    'new «Date(2020, 1, 1)',
    '«new Date(0).getHours()',
    `«'a'.localeCompare('b')`,
    '«Temporal.Now.instant()',
    '(() => { const { random } = «Math; return random(); })()',
  ])('are refused: %s', (expression) => {
    expectRefusedAtMarks(withOperator(`map((record) => withValue(record, ${expression}))`, `import { map } from 'rxjs';`), 'NONDETERMINISM');
  });

  it.each(['new Date(record.timestamp).getUTCHours()', 'Date.UTC(2020, 1)', 'Math.max(1, 2)', 'record.process', '{ process: 1, Date: 2 }'])(
    'do not stand in %s',
    (expression) => {
      expect(check(withOperator(`map((record) => withValue(record, ${expression}))`, `import { map } from 'rxjs';`))).toEqual([]);
    },
  );

  it('are told by meaning, not by name', () => {
    expect(
      check(withOperator('map((record) => withValue(record, process + window))', `import { map } from 'rxjs';\nconst process = 1, window = 2;`)),
    ).toEqual([]);
  });
});

describe('hidden state', () => {
  const head = (declaration: string): string => `import { map } from 'rxjs';\n${declaration}`;

  it.each([
    ['a variable of the file', 'map((record) => withValue(record, «seen++))', 'let seen = 0;'],
    ['a variable that is destructured into', 'map((record) => { «[seen] = [record.timestamp]; return record; })', 'let seen = 0;'],
    ['a map', 'map((record) => { «cache.set(record.key, 1); return record; })', 'const cache = new Map<string, number>();'],
    ['a list', 'map((record) => { «cache.push(record.key); return record; })', 'const cache: string[] = [];'],
    ['an object, by index', 'map((record) => { «cache[record.key] = 1; return record; })', 'const cache: Record<string, number> = {};'],
    ['an object, by property', 'map((record) => { «cache.last.key = record.key; return record; })', `const cache = { last: { key: '' } };`],
    ['an object, by delete', 'map((record) => { «delete cache[record.key]; return record; })', 'const cache: Record<string, number> = {};'],
    ['an object, by Object.assign', 'map((record) => { «Object.assign(cache, { a: 1 }); return record; })', 'const cache = {};'],
    ['a generator', 'map((record) => withValue(record, «numbers.next()))', 'const numbers = (function* () { yield 1; })();'],
    [
      'an object that changes itself',
      'map((record) => counter.count(record))',
      'class Counter { n = 0; count(record: unknown) { «this.n++; return record; } }\nconst counter = new Counter();',
    ],
    ['a pattern that remembers', 'map((record) => withValue(record, «pattern.test(record.key)))', 'const pattern = /a/g;'],
    [
      'a variable of a function that makes an operator',
      'counted()',
      'function counted() { let n = 0; return map((record) => withValue(record, «n++)); }',
    ],
    [
      'a variable behind a function that is returned',
      'map(counter())',
      'function counter() { let n = 0; const bump = () => «n++; return () => bump(); }',
    ],
    ['a record that is changed in place', 'map((record) => { «record.value.clicks = 1; return record; })', ''],
    [
      'a state that is changed in place',
      `reduce('r', { state: schema.array(schema.string), initial: [], reduce: (state, value) => { «state.push(value); return state; } })`,
      '',
    ],
  ])('is refused: %s', (_, operator, declaration) => {
    expectRefusedAtMarks(withOperator(operator, head(declaration)), 'STATE');
  });

  it('is refused in the build function, and in the function of a route', () => {
    const text = withOperator('map((record) => withValue(record, «seen++))', head('')).replace('  clicks.pipe', '  let seen = 0;\n  clicks.pipe');
    expectRefusedAtMarks(text, 'STATE');
    const route = `tumbling('t', { sizeMs: 1, late: (late) => { let n = 0; return late.pipe(map((record) => withValue(record, «++n)), to(topics.clicks)); } }, {})`;
    expectRefusedAtMarks(withOperator(route, head('')), 'STATE');
  });

  it.each([
    ['a sum within one record', 'map((record) => { let total = 0; record.value.forEach((n) => { total += n; }); return withValue(record, total); })'],
    [
      'a list within one record',
      'map((record) => { const all = []; for (const n of record.value) all.push(n); all.sort(); return withValue(record, all); })',
    ],
    ['a named step within one record', 'map((record) => { let n = 0; const step = () => { n++; }; step(); return withValue(record, n); })'],
    ['a fold of an array', 'map((record) => withValue(record, record.value.reduce((all, one) => { all.push(one); return all; }, [])))'],
    ['a constant that is read', 'map((record) => withValue(record, NAMES[record.key]))'],
  ])('is not %s', (_, operator) => {
    expect(check(withOperator(operator, head(`const NAMES: Record<string, string> = {};\nNAMES['a'] = 'b';`)))).toEqual([]);
  });
});

describe('imports', () => {
  it.each([
    `'node:fs'`,
    `'fs'`,
    `'lodash'`,
    `'../runtime/index.js'`,
    `'../scripts/topology/check.js'`,
    `'../operators/stage.js'`,
    `'skillforge-streams/runtime'`,
    `'rxjs/ajax'`,
    `'#inside'`,
  ])('are refused from outside of the language: %s', (module) => {
    expectRefusedAtMarks(withOperator('identity', `import { thing } from «${module};`), 'IMPORT');
  });

  it('are allowed from the language, from files next to the topology, and for types from anywhere', () => {
    const head = `import { learnerId } from 'skillforge-streams/schemas';\nimport { identity } from 'skillforge-streams';\nimport { shared } from './shared.js';\nimport names from './names.json' with { type: 'json' };\nimport type { Buffer } from 'node:buffer';\nimport { type X } from 'x';`;
    expect(check(withOperator('identity', head))).toEqual([]);
  });

  it('are refused when they are hidden in code', () => {
    expectRefusedAtMarks(withOperator('identity', `const fs = «require('node:fs');`), 'IMPORT');
    expectRefusedAtMarks(withOperator('identity', `const fs = «import('node:fs');`), 'IMPORT');
    expectRefusedAtMarks(withOperator('identity', `«import fs = require('node:fs');`), 'IMPORT');
  });
});

describe('stage ids and the default export', () => {
  it('are checked: ids are string literals', () => {
    expectRefusedAtMarks(
      withOperator('keyBy(«ID, { key: (v) => v, value: schema.string }), aggregate(«`a-${ID}`, {}), reduce(`plain`, {})', `const ID = 'id';`),
      'ID',
    );
    expectRefusedAtMarks(withOperator('identity').replace('to(topics.clicks)', 'to(topics.clicks, «name)'), 'ID');
  });

  it('are checked: the topology is the default export', () => {
    expect(codes(withOperator('identity').replace('export default', 'export const it ='))).toEqual(['EXPORT']);
    expect(codes(`${withOperator('identity').replace('export default', 'const it =')}export default it;`)).toEqual([]);
    expectRefusedAtMarks(`${withOperator('identity').replace('export default', 'export const it =')}«export default 1;`, 'EXPORT');
  });

  it('are not found in a text that does not parse, and that is said', () => {
    expect(codes(`${withOperator('identity')}const = 1;`)).toContain('SYNTAX');
  });
});

describe('a file with its imports', () => {
  let folder: string;
  const write = (name: string, text: string): string => {
    writeFileSync(
      join(folder, name),
      text.replaceAll('../operators/index.js', 'skillforge-streams').replaceAll('../schemas/index.js', 'skillforge-streams/schemas'),
    );
    return join(folder, name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'skillforge-check-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is checked as one, each file once', () => {
    const path = write('it.ts', withOperator('map(stamp)', `import { map } from 'rxjs';\nimport { stamp } from './stamp.js';`));
    write('stamp.ts', `import { other } from './it.js';\nimport { lost } from './lost.js';\nexport const stamp = () => Date.now();\n`);
    const findings = checkTopologyFile(path);
    expect(findings.map((one) => [one.file, one.line, one.code])).toEqual([
      [join(folder, 'stamp.ts'), 2, 'SFS_CHECK_IMPORT'],
      [join(folder, 'stamp.ts'), 3, 'SFS_CHECK_NONDETERMINISM'],
    ]);
    expect(findingsAsText(findings)).toContain(`${join(folder, 'stamp.ts')}:3:28 SFS_CHECK_NONDETERMINISM \`Date.now\` reads the clock`);
  });

  it('may keep the work of a batch in a file of its own', () => {
    const path = write(
      'it.ts',
      withOperator(`batch('b', { value: schema.string, maxRecords: 1, run: score })`, `import { score } from './score.js';`),
    );
    write('score.ts', `export async function score(records: readonly unknown[]) { return Promise.all(records); }\n`);
    expect(checkTopologyFile(path)).toEqual([]);
  });

  it('that cannot be read is an error', () => {
    expect(() => checkTopologyFile(join(folder, 'absent.ts'))).toThrow(expect.objectContaining({ code: 'SFS_TOPOLOGY_UNREADABLE' }) as Error);
  });

  it.each(readdirSync(join(packageRoot(), 'topologies')))('of this project has no finding: %s', (name) => {
    expect(checkTopologyFile(join(packageRoot(), 'topologies', name))).toEqual([]);
  });
});
