/** `skillforge replay diff`. */
import type { Command } from 'commander';
import { differenceOf, differingShare, type TopicDifference } from '../../runtime/replay/difference.js';
import { recordsBehind } from '../../runtime/replay/positions.js';
import { currentReplay } from '../../runtime/replay/promotion.js';
import type { ReplayView } from '../../runtime/replay/replayPlace.js';
import { resultTopics, versionedName } from '../../runtime/replay/replayState.js';
import type { DifferingKey } from '../../runtime/replay/sides.js';
import type { TopologyGraph } from '../../operators/graph.js';
import { SkillForgeError } from '../../schemas/index.js';
import { EXIT } from './exitCodes.js';
import { nameList, wholeNumber } from './options.js';
import { countText, countedText, jsonOf, print, printJson, printable, timeText } from './output.js';
import { readingReplays, replayId, resultDecoder, share } from './replayPlaces.js';
import { toolCommand, type ToolOptions } from './toolAccess.js';

interface DiffOptions extends ToolOptions {
  readonly ignore: readonly string[];
  readonly threshold: number;
  readonly examples: number;
}

/** What a comparison found. */
export interface ReplayDiff {
  /** `name@number`. */
  readonly replay: string;
  readonly live: string;
  /** Records that the live version has taken and the replay has not. */
  readonly behind: number;
  readonly topics: readonly TopicDifference[];
  /** Keys that differ, as a share of all, 0 to 1. */
  readonly share: number;
  readonly threshold: number;
  readonly withinThreshold: boolean;
}

const DESCRIPTION = `Compares what a replay wrote with what the live version wrote, key by key: the last value of each key, or, in topics that keep every
record, what each key has at each event time. Exit code 1 when a greater share of the keys differs than --threshold.

Values are compared decoded. Fields that differ with every version are left out by --ignore. A pair of topics is read as it is now: compare when both
versions have caught up.`;

/** Compares a replay with the live version. */
export function replayDiffCommand(): Command {
  return toolCommand('diff <topology>', 'compare the results of a replay with the live ones', DESCRIPTION, [
    'skillforge replay diff recommendations --ignore topologyVersion --threshold 1%',
    'skillforge replay diff recommendations --json',
  ])
    .option('--ignore <fields>', 'top-level fields that may differ, with commas between', nameList, [])
    .option('--threshold <share>', 'share of keys that may differ, such as 1%', share, 0)
    .option('--examples <n>', 'most examples of each kind in each topic', wholeNumber(0), 3)
    .action(diff);
}

async function diff(topology: string, options: DiffOptions): Promise<void> {
  const found = await readingReplays(options, ({ place }) => diffOf(place, topology, options));
  if (options.json) printJson(found);
  else print(diffText(found));
  if (!found.withinThreshold) process.exitCode = EXIT.failed;
}

/** Compares the replay of a topology with what was live when it began. @throws SFS_REPLAY_NOTHING where there is none; SFS_TOPIC_UNKNOWN */
export async function diffOf(
  place: ReplayView,
  topology: string,
  { ignore, threshold, examples }: Pick<DiffOptions, 'ignore' | 'threshold' | 'examples'>,
): Promise<ReplayDiff> {
  const replay = currentReplay(place, topology);
  const live = `${topology}@${replay.against.number}`;
  const deployed = place.documents.get(`deployed/${live}`);
  if (deployed === null) {
    const message = `nothing is known of ${live}, which the replay began beside: there is nothing to compare it with`;
    throw new SkillForgeError('SFS_REPLAY_NOTHING', message, { context: { topology, live } });
  }
  const liveGraph = JSON.parse(deployed.toString()) as TopologyGraph;
  const before = new Set(resultTopics(liveGraph));
  const topics = await differenceOf(place, replay, {
    topics: resultTopics(replay.graph).filter((topic) => before.has(topic)),
    decoderOf: (topic) => resultDecoder(place, versionedName(topic, replay.outputs)),
    ignore,
    examples,
  });
  const differing = differingShare(topics);
  const behind = await recordsBehind(place, replay.graph, liveGraph);
  return { replay: replayId(replay), live, behind, topics, share: differing, threshold, withinThreshold: differing <= threshold };
}

/** A comparison for people: `+` only the replay has it, `-` only the live version, `~` both, and they differ. */
export function diffText({ replay, live, behind, topics, share: differing, threshold, withinThreshold }: ReplayDiff): string {
  const percent = (value: number): string => `${Number((value * 100).toFixed(2))} %`;
  return [
    `${replay} against ${live}: ${percent(differing)} of the keys differ, ${withinThreshold ? 'within' : 'more than'} the threshold of ${percent(threshold)}`,
    ...(behind > 0 ? [`the replay is ${countedText(behind, 'record')} behind the live version`] : []),
    ...topics.flatMap((one) => [
      `${one.shadowTopic} against ${one.liveTopic}: ${countText(one.same)} same, ${countText(one.added)} added, ${countText(one.removed)} removed, ${countText(one.changed)} changed`,
      ...one.examples.flatMap(exampleLines),
    ]),
  ].join('\n');
}

const SIGNS: Readonly<Record<DifferingKey['kind'], string>> = { added: '+', removed: '-', changed: '~' };

function exampleLines({ kind, key, eventTimeMs, live, shadow, fields }: DifferingKey): string[] {
  const title = `  ${SIGNS[kind]} ${printable(key)}${eventTimeMs === null ? '' : ` at ${timeText(eventTimeMs)}`}`;
  if (kind === 'added') return [`${title}  ${jsonOf(shadow)}`];
  if (kind === 'removed') return [`${title}  ${jsonOf(live)}`];
  const parts = (value: unknown): string => {
    const of = (value ?? {}) as Readonly<Record<string, unknown>>;
    return jsonOf(Object.fromEntries(fields.map((field) => [field, of[field] ?? null])));
  };
  return [`${title}  ${fields.join(', ')}`, `      live    ${parts(live)}`, `      replay  ${parts(shadow)}`];
}
