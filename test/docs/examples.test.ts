/** The examples of the documents do what they say. */
import assert from 'node:assert/strict';
import * as rxjs from 'rxjs';
import { beforeAll, describe, expect, it } from 'vitest';
import * as operators from '../../operators/index.js';
import * as reader from '../../reader/index.js';
import * as testing from '../../runtime/testing/index.js';
import * as schemas from '../../schemas/index.js';
import { referencedDeclarations } from '../../scripts/operatorReference/page.js';
import { blocksOf, docstringExamples, documents } from './documents.js';
import { isExample, parseExample } from './example.js';
import { runModule } from './exampleCode.js';
import { runExample } from './exampleRun.js';
import { complaintsOf, fileOfExample, fileOfModule } from './exampleTypes.js';

/** Plain values: nothing comes in or goes out. */
const WITHOUT_EXAMPLE = ['topicSchema', 'seconds', 'minutes', 'hours', 'days'];

const ofDocstrings = docstringExamples();
const runnable = documents().flatMap((path) => blocksOf(path, 'ts runnable'));
const inDocuments = runnable.filter(({ text }) => isExample(text));
const modules = runnable.filter(({ text }) => !isExample(text));
const examples = [...ofDocstrings, ...inDocuments].map(({ name, text }) => parseExample(name, text));

const WRONG = parseExample('wrong', "events.pipe(aggregate('total', { n: sum((event) => event.tag) }))\n// <- ada@1\n// -> ada@1 { n: 1 }");
let complaints: ReadonlyMap<string, readonly string[]>;

beforeAll(() => {
  const ofExamples = [...examples, WRONG].map((example) => [example.name, fileOfExample(example)] as const);
  complaints = complaintsOf(new Map([...ofExamples, ...modules.map(({ name, text }) => [name, fileOfModule(text)] as const)]));
}, 60_000);

describe('every operator and aggregate', () => {
  it('has an example', () => {
    const bare = referencedDeclarations().filter(({ kind, doc }) => kind !== 'type' && doc.examples.length === 0);
    expect(bare.map(({ name }) => name)).toEqual(WITHOUT_EXAMPLE);
  });
});

describe('an example', () => {
  it('compares what comes out, each', () => {
    const silent = examples.filter(({ steps }) => steps.flatMap((step) => step.outcomes).length === 0);
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  it.each(examples.map((example) => [example.name, example] as const))('gives what it says: %s', async (_, example) => {
    await runExample(example);
  });

  it.each(examples.map(({ name }) => name))('compiles: %s', (name) => {
    expect(complaints.get(name)).toEqual([]);
  });

  it('that says something else fails', async () => {
    const code = "events.pipe(aggregate('total', { n: count() }))";
    await runExample(parseExample('sound', `${code}\n// <- ada@1\n// -> ada@1 { n: 1 }`));
    for (const lines of [
      '// <- ada@1\n// -> ada@1 { n: 2 }',
      '// <- ada@1',
      '// <- ada@1\n// -> ada@1 { n: 1 }\n// -> ada@1 { n: 1 }',
      '// <- ada@1\n// -> ada@1 { n: 1 }\n// -> dead letter ada@1 SFS_LATE',
    ]) {
      await expect(runExample(parseExample('wrong', `${code}\n${lines}`)), lines).rejects.toThrow('wrong, step 1');
    }
  });

  it('that does not compile fails', () => {
    expect(complaints.get(WRONG.name)).toEqual([expect.stringMatching(/string.*number/)]);
  });
});

describe('a runnable module of a document', () => {
  it('is there: the front page has one', () => {
    expect(modules.filter(({ name }) => name.startsWith('README.md:')).length).toBeGreaterThan(0);
  });

  it.each(modules.map(({ name }) => name))('compiles: %s', (name) => {
    expect(complaints.get(name)).toEqual([]);
  });

  it.each(modules.map(({ name, text }) => [name, text] as const))('passes its own tests: %s', async (_, text) => {
    const tests: (() => Promise<void>)[] = [];
    const test = (_: string, body: () => Promise<void>): void => void tests.push(body);
    const known = new Map<string, unknown>([
      ['rxjs', rxjs],
      ['skillforge-streams', operators],
      ['skillforge-streams/schemas', schemas],
      ['skillforge-streams/reader', reader],
      ['skillforge-streams/testing', testing],
      ['node:assert/strict', { default: assert, __esModule: true }],
      ['node:test', { test }],
    ]);
    runModule(text, known);
    expect(tests.length).toBeGreaterThan(0);
    for (const body of tests) await body();
  });
});
