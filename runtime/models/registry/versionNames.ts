import { SkillForgeError } from '../../../schemas/index.js';

/** A name that is safe in a path and in a query of MLflow. */
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;
const NUMBER = /^[1-9]\d{0,8}$/;

/** @throws SFS_MODEL_REGISTRY where a name could lead elsewhere */
export function assertModelName(name: string): void {
  if (!NAME.test(name)) throw new SkillForgeError('SFS_MODEL_REGISTRY', `"${name}" is no name of a model: letters, digits, dots and dashes`);
}

/** Whether a text can be the number of a version. */
export const isVersionNumber = (text: string): boolean => NUMBER.test(text);

/** There is no such version. */
export function versionMissing(place: string, name: string, number: string): SkillForgeError {
  return new SkillForgeError('SFS_MODEL_MISSING', `the registry ${place} has no version ${number} of ${name}`, { context: { place, name, number } });
}
