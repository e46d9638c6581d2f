/** `skillforge model watch`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { adoptionIn } from '../../runtime/engine/decisions.js';
import type { Adoption } from '../../runtime/engine/followedModels.js';
import { ALIASES, type AliasChange, type ModelRegistry } from '../../runtime/models/registry/index.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { LocalSchemaIds, errorCodeOf, errorMessageOf, physicalTopicName, topicCodec, topics } from '../../schemas/index.js';
import { holdsStorage } from './folder.js';
import { fromText } from './followingLines.js';
import { modelText } from './modelEventLines.js';
import { modelRegistryOption, openedRegistry } from './modelRegistryOptions.js';
import { changeText } from './modelText.js';
import { wholeNumber } from './options.js';
import { countedText, print, printJson } from './output.js';
import { untilStopped } from './stopSignals.js';
import { readingTools, toolCommand, type ToolOptions } from './toolAccess.js';

interface WatchOptions extends ToolOptions {
  readonly modelRegistry?: string;
  readonly every: number;
  readonly past?: true;
}

/** A task turned to a model, as its log tells. */
interface ToldAdoption {
  readonly topology: string;
  readonly task: string;
  readonly adoption: Adoption;
}

const DESCRIPTION = `Prints until Ctrl+C when an alias of a model registry moves, who moved it and why, and when the tasks of the folder, or of the region on servers, turn
to another version: that is when a promotion or a roll-back is served. Works beside a running "run". A registry that is away is told, and asked again.`;

const EVERY_SECONDS = 2;

/** Watches aliases, and what runs make of them. */
export function modelWatchCommand(): Command {
  return toolCommand('watch', 'see aliases move, and runs follow', DESCRIPTION, [
    'skillforge model watch',
    'skillforge model watch --past --json',
    'skillforge model watch --model-registry http://localhost:5000 --kafka localhost:9092 --redis redis://localhost:6379',
  ])
    .addOption(modelRegistryOption())
    .option('--every <seconds>', 'look again so often', wholeNumber(1), EVERY_SECONDS)
    .option('--past', 'begin with what happened before')
    .action(watch);
}

async function watch(options: WatchOptions): Promise<void> {
  const registry = openedRegistry(options);
  if (options.kafka === undefined && !holdsStorage(options.data)) return watching(registry, null, options);
  await readingTools(options, (tools) => watching(registry, tools, options));
}

/** @param tools - `null` where nothing has run yet */
async function watching(registry: ModelRegistry, tools: ToolAccess | null, { json: isJson, every, past, region }: WatchOptions): Promise<void> {
  const json = isJson === true;
  const moves = new MoveWatch(registry, json);
  const log = tools === null ? null : new AdoptionWatch(tools, region);
  await untilStopped(async (stopped) => {
    for (let isFirst = true; !stopped.aborted; isFirst = false) {
      const isTold = past === true || !isFirst;
      const changes = await moves.look();
      const adoptions = (await log?.look()) ?? [];
      if (isTold) tell(changes, adoptions, json);
      await sleep(1000 * every, undefined, { signal: stopped }).catch(() => undefined);
    }
  });
}

function tell(changes: readonly AliasChange[], adoptions: readonly ToldAdoption[], json: boolean): void {
  if (json) {
    for (const change of changes) printJson({ change });
    for (const adoption of adoptions) printJson({ adoption });
    return;
  }
  for (const change of changes) print(changeText(change));
  for (const line of adoptionLines(adoptions)) print(line);
}

/** One line for the tasks of a topology that turned to the same version. */
function adoptionLines(adoptions: readonly ToldAdoption[]): string[] {
  const groups = new Map<string, Adoption[]>();
  for (const { topology, adoption } of adoptions) {
    const what = `${topology} decide ${modelText(adoption.model?.number ?? null)}`;
    groups.set(what, [...(groups.get(what) ?? []), adoption]);
  }
  return [...groups].map(([what, all]) => {
    const fromMs = Math.min(...all.map((one) => one.fromMs));
    return `${countedText(all.length, 'task')} of ${what} ${fromText(fromMs)}`;
  });
}

/** Moves that were not there at the last look. */
class MoveWatch {
  private readonly seen = new Set<string>();
  private isAway = false;

  constructor(
    private readonly registry: ModelRegistry,
    private readonly json: boolean,
  ) {}

  async look(): Promise<AliasChange[]> {
    try {
      const histories = await Promise.all(ALIASES.map((alias) => this.registry.history(alias)));
      this.isAway = false;
      const changes = histories.flat().sort((a, b) => a.atMs - b.atMs);
      return changes.filter((change) => this.isNew(JSON.stringify(change)));
    } catch (error) {
      if (errorCodeOf(error) !== 'SFS_MODEL_REGISTRY') throw error;
      this.missed(error);
      return [];
    }
  }

  private isNew(change: string): boolean {
    if (this.seen.has(change)) return false;
    this.seen.add(change);
    return true;
  }

  private missed(error: unknown): void {
    if (!this.isAway && this.json) printJson({ away: errorMessageOf(error) });
    else if (!this.isAway) process.stderr.write(`${errorMessageOf(error)}\n`);
    this.isAway = true;
  }
}

/** Adoptions in the control topic that were not there at the last look. */
class AdoptionWatch {
  private next = 0;
  private readonly codec;

  constructor(
    private readonly tools: ToolAccess,
    private readonly region: string,
  ) {
    this.codec = topicCodec(topics.control, tools.schemas ?? LocalSchemaIds.withAccepted());
  }

  async look(): Promise<ToldAdoption[]> {
    const topic = physicalTopicName(this.region, topics.control.name);
    if (!(await this.tools.topics()).some(({ name }) => name === topic)) return [];
    const found: ToldAdoption[] = [];
    for await (const { key, value, offset } of this.tools.records(topic, 0, this.next)) {
      this.next = offset + 1;
      if (value === null) continue;
      const control = this.codec.decode(key?.toString() ?? '', value);
      const told = adoptionIn(control);
      const topology = `${control.topology}@${control.topologyVersion}`;
      if (told !== null) found.push({ topology, task: `${topology}/${control.subtopology}/${control.partition}`, adoption: told.adoption });
    }
    return found;
  }
}
