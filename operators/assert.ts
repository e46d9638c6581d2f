import { SkillForgeError } from '../schemas/index.js';

/** @throws SFS_DURATION unless `value` is a whole number of milliseconds above zero */
export function assertPositive(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new SkillForgeError('SFS_DURATION', `${name} must be a whole number of milliseconds above 0, not ${value}`);
}

/** @throws SFS_DURATION unless `value` is a whole number of milliseconds, 0 included */
export function assertNotNegative(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new SkillForgeError('SFS_DURATION', `${name} must be a whole number of milliseconds from 0 on, not ${value}`);
}

/** @throws SFS_DURATION unless `value` is a whole number above zero: of records, of partitions */
export function assertCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value <= 0) throw new SkillForgeError('SFS_DURATION', `${name} must be a whole number above 0, not ${value}`);
}
