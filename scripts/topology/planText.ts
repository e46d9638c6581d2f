import { durationText } from '../../operators/graphText.js';
import { differenceText, type Plan, type TopicPlan } from './plan.js';
import type { RetentionNeed } from './retention.js';
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
    ...section('state', plan.stores.filter((one) => one.state !== 'same' || one.stageChanged).flatMap(storeLines)),
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

const STATES: Readonly<Record<StoreChange['state'], readonly [sign: string, meaning: string]>> = {
  same: ['~', 'readable'],
  readable: ['~', 'readable: rows migrate when they are read'],
  unreadable: ['!', 'unreadable: only a replay builds it'],
  new: ['+', 'new'],
  removed: ['-', 'removed'],
};

function storeLines(store: StoreChange): string[] {
  const [sign, meaning] = STATES[store.state];
  const caution =
    store.stageChanged && (store.state === 'same' || store.state === 'readable') ? ', but the stage changed: old rows may mean something else' : '';
  return [
    `${sign} ${store.store}: ${meaning}${caution}`,
    ...store.problems.map((one) => `    ${one.path === '' ? 'row' : one.path}: ${one.message}`),
  ];
}

function topicLine({ spec, action, differences }: TopicPlan): string {
  const retention = spec.cleanup === 'compact' ? 'compacted' : spec.retentionMs === null ? 'kept for ever' : `kept ${durationText(spec.retentionMs)}`;
  if (action === 'create') return `+ ${spec.name}: ${spec.partitions} partitions, ${retention}`;
  if (action === 'keep') return `  ${spec.name}: exists`;
  return `! ${spec.name}: ${differences.map((one) => one.parameter).join(', ')} differ`;
}

function retentionLine({ topic, neededMs, keptMs, endless }: RetentionNeed): string {
  const kept = keptMs === null ? 'has all it needs' : `keeps ${durationText(keptMs)}`;
  const always =
    endless.length === 0
      ? ''
      : `; ${endless.join(', ')} ${endless.length === 1 ? 'keeps' : 'keep'} state without end, for which only snapshots serve`;
  return `${topic} must keep ${durationText(neededMs)}, ${kept}${always}`;
}
