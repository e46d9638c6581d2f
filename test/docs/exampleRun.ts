/** Runs examples for real: the engine, over a storage in memory, in two batchings with crashes. */
import { expect } from 'vitest';
import { topology, type Records, type Topology } from '../../operators/index.js';
import { upstreamOf } from '../../operators/stage.js';
import { testTopology, type TopologyTestDriver } from '../../runtime/testing/index.js';
import type { Topic } from '../../schemas/index.js';
import { results, toResults, type Result } from '../operators/pipelines.js';
import type { Action, Example, Outcome } from './example.js';
import { compile, literal, returning } from './exampleCode.js';
import { eventOf, exampleTopics, scopeOf } from './exampleScope.js';

/** Declares what the example shows. Its last expression is a stream, or a topology as a whole. */
export function topologyOf({ name, code }: Example): Topology {
  const body = returning(name, code);
  const whole = scopeOf({} as never, '');
  if (/^return topology\(/m.test(body)) return compile(body, Object.keys(whole))(whole) as Topology;
  let run: ReturnType<typeof compile> | undefined;
  return topology('example', { version: 1 }, (sources) => {
    const scope = scopeOf(sources, code);
    run ??= compile(body, Object.keys(scope)); // once: a topology is built again after each crash
    const shown = run(scope) as Records<string, unknown>;
    const { output } = upstreamOf(shown);
    const end = (output.owner as unknown as { stages: readonly { id: string; kind: string }[] }).stages.find((stage) => stage.id === output.stageId);
    if (end?.kind !== 'sink') shown.pipe(toResults());
  });
}

/** Runs an example and compares, step by step. */
export async function runExample(example: Example): Promise<void> {
  const shown = topologyOf(example);
  const target = shown.build().stages.find((stage) => stage.kind === 'sink')!.target!;
  await testTopology(shown, { partitions: 1 }, async (driver) => {
    const seen = new Set<string>();
    for (const [index, { actions, outcomes }] of example.steps.entries()) {
      await perform(driver, actions);
      const found = [...resultsSince(driver, target), ...lettersSince(driver, seen)];
      expect(found, `${example.name}, step ${index + 1}`).toEqual(sorted(outcomes).map(expectedOf));
    }
  });
}

async function perform(driver: TopologyTestDriver, actions: readonly Action[]): Promise<void> {
  for (const action of actions) {
    if (action.kind === 'send') send(driver, action);
    else if (action.kind === 'watermark') await driver.advanceWatermark(action.atMs);
    else await driver.endInput();
  }
  if (actions.at(-1)?.kind === 'send') await driver.run();
}

function send(driver: TopologyTestDriver, { topic, key, atMs, value }: Extract<Action, { kind: 'send' }>): void {
  const target = exampleTopics[topic as 'events'];
  const input = driver.input(target);
  const sent = eventOf(key, atMs, literal(value));
  if (sent === null) input.delete(key, { atMs });
  else input.send(sent, target.derived ? { atMs } : {});
}

/** Results first, then dead letters: the two do not share an order. */
const sorted = (outcomes: readonly Outcome[]): Outcome[] => [...outcomes].sort((a, b) => Number(a.kind !== 'record') - Number(b.kind !== 'record'));

const expectedOf = (outcome: Outcome): unknown[] =>
  outcome.kind === 'record' ? [outcome.key, outcome.atMs, literal(outcome.value)] : ['dead letter', outcome.key, outcome.atMs, outcome.code];

function resultsSince(driver: TopologyTestDriver, target: Topic<string, unknown>): unknown[] {
  const plain = (value: unknown): unknown =>
    target.name === results.name && value !== null ? JSON.parse((value as Result).json) : (JSON.parse(JSON.stringify(value)) as unknown);
  return driver
    .output(target)
    .take()
    .map(({ key, timestamp, value }) => [key, timestamp, plain(value)]);
}

function lettersSince(driver: TopologyTestDriver, seen: Set<string>): unknown[] {
  const fresh = driver.deadLetters().filter(({ id }) => !seen.has(id));
  for (const { id } of fresh) seen.add(id);
  return fresh.map(({ code, failedAtEventTimeMs, personal }) => ['dead letter', String(personal.key), failedAtEventTimeMs, code]);
}
