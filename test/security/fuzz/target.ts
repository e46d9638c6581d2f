/** What is fed with inputs that are nearly right. */
import { SkillForgeError } from '../../../schemas/index.js';
import type { Chance } from './chance.js';

export interface Target {
  readonly name: string;
  /** Makes what all inputs need; gives what takes one input, made by chance, and says what it was where it matters. */
  open(): Promise<Opened>;
}

export interface Opened {
  /** Takes one input. Whatever it throws but a {@link SkillForgeError} is a finding. */
  feed(chance: Chance): unknown;
  close?(): Promise<void>;
}

/** Lets the refusals of the product pass. */
export async function refusing(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SkillForgeError)) throw error;
  }
}
