import { SkillForgeError } from './errors.js';

const TOPIC_NAME = /^[a-z0-9][a-z0-9._-]*$/;
const REGION = /^[a-z][a-z0-9-]*$/;
/** Kafka's limit. */
const MAX_LENGTH = 249;

/** Checks a logical topic name: lower-case letters, digits, `.`, `_`, `-`. @throws SFS_TOPIC_INVALID */
export function assertTopicName(name: string): void {
  if (TOPIC_NAME.test(name) && name.length <= MAX_LENGTH) return;
  throw new SkillForgeError(
    'SFS_TOPIC_INVALID',
    `Topic name "${name}" must be lower-case letters, digits, ".", "_" or "-", at most ${String(MAX_LENGTH)} long`,
    {
      context: { topic: name },
    },
  );
}

/** Checks a region name: lower-case letters, digits and `-`, such as `eu-west`. @throws SFS_REGION_INVALID */
export function assertRegion(region: string): void {
  if (REGION.test(region)) return;
  throw new SkillForgeError('SFS_REGION_INVALID', `Region "${region}" must be lower-case letters, digits or "-"`, { context: { region } });
}

/** Name of a topic in the broker: `region.name`. @throws SFS_REGION_INVALID, SFS_TOPIC_INVALID */
export function physicalTopicName(region: string, name: string): string {
  assertRegion(region);
  const physical = `${region}.${name}`;
  assertTopicName(name);
  assertTopicName(physical);
  return physical;
}

/** Region and logical name of a physical one. @throws SFS_TOPIC_INVALID, SFS_REGION_INVALID when it is not one */
export function parsePhysicalTopicName(physical: string): { readonly region: string; readonly name: string } {
  assertTopicName(physical);
  const at = physical.indexOf('.');
  const region = physical.slice(0, Math.max(at, 0));
  const name = physical.slice(at + 1);
  assertRegion(region);
  assertTopicName(name);
  return { region, name };
}
