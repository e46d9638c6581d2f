import { durationText } from '../../operators/graphText.js';
import { differenceText, type Plan, type TopicPlan } from './plan.js';
import type { RetentionNeed } from './retention.js';
import { spanText } from './spanText.js';
import type { StageChange } from './stageChanges.js';
import type { StoreChange } from './stateChanges.js';

/** A plan for people: `+` comes, `-` goes, `~` changes, `!` is wrong. */
export function planAsText(plan: Plan): string {
  const deployed = plan.deployedVersion === null ? 'not deployed yet' : `deployed is version ${plan.deployedVersion}`;
  return [
    `${plan.topology}, version ${plan.version}, ${deployed}: ${VERDICTS[plan.verdict]}`,
    ...section(
      'problems',
      plan.problems.map((one) => `! ${one.code}: ${one.message}`),
    ),
    ...section('stages', plan.changes.flatMap(changeLines)),
    ...section('state', stateLines(plan)),
    ...section('topics', plan.topics.map(topicLine)),
    ...section('retention', plan.retention.map(retentionLine)),
    ...section('warnings', plan.warnings),
    `${plan.tasks} task${plan.tasks === 1 ? '' : 's'} will run`,
    '',
  ].join('\n');
}

const VERDICTS: Readonly<Record<Plan['verdict'], string>> = {
  new: 'new',
  unchanged: 'unchanged',
  'version-raised': 'version raised',
  refused: 'refused',
};

const section = (title: string, lines: readonly string[]): string[] => (lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]);

function changeLines(change: StageChange): string[] {
  if (change.change === 'added') return [`+ ${change.stage}`];
  if (change.change === 'removed') return [`- ${change.stage}`];
  return [`~ ${change.stage}`, ...change.differences.map((difference) => `    ${differenceText(difference)}`)];
}

/** State belongs to a version: a raised one starts without any, whatever the rows of the one before look like. */
function stateLines({ deployedVersion, version, stores }: Plan): string[] {
  if (deployedVersion === null || deployedVersion === version)
    return stores.filter((one) => one.state !== 'same' || one.stageChanged).flatMap(storeLines);
  return stores.map(({ store, state }) =>
    state === 'removed' ? `- ${store}: stays with version ${deployedVersion}` : `+ ${store}: starts empty, built again from the log`,
  );
}

const STATES: Readonly<Record<StoreChange['state'], readonly [sign: string, meaning: string]>> = {
  same: ['~', 'of another operator; under a raised version it starts empty, built again from the log'],
  readable: ['~', 'rows of the older schema are migrated when they are read'],
  unreadable: ['!', 'its rows cannot be read; under a raised version it starts empty, built again from the log'],
  new: ['+', 'new'],
  removed: ['-', 'removed'],
};

function storeLines(store: StoreChange): string[] {
  const [sign, meaning] = STATES[store.state === 'readable' && store.stageChanged ? 'same' : store.state];
  return [`${sign} ${store.store}: ${meaning}`, ...store.problems.map((one) => `    ${one.path === '' ? 'row' : one.path}: ${one.message}`)];
}

function topicLine({ spec, action, differences }: TopicPlan): string {
  const retention = spec.cleanup === 'compact' ? 'compacted' : spec.retentionMs === null ? 'kept for ever' : `kept ${durationText(spec.retentionMs)}`;
  if (action === 'create') return `+ ${spec.name}: ${spec.partitions} partitions, ${retention}`;
  if (action === 'keep') return `  ${spec.name}: exists`;
  return `! ${spec.name}: ${differences.map((one) => one.parameter).join(', ')} differ`;
}

function retentionLine({ topic, neededMs, keptMs, endless }: RetentionNeed): string {
  const keeps = keptMs === null ? 'keeps all it needs' : `keeps ${spanText(keptMs)}`;
  return [`${topic} ${neededMs > 0 ? `must keep ${spanText(neededMs)}, ` : ''}${keeps}`, ...endlessText(endless, keptMs)].join('; ');
}

/** Stages without a window remember everything: what the topic no longer holds, a replay cannot give them. */
function endlessText(endless: readonly string[], keptMs: number | null): string[] {
  if (endless.length === 0) return [];
  const state = `${endless.join(', ')} ${endless.length === 1 ? 'keeps' : 'keep'} state without end`;
  return [keptMs === null ? state : `${state}: what came from older records cannot be built again`];
}
