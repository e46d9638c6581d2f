/** Reads a log of decisions: one JSON object a line. */
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import { fileBytes, linesOf, type Line } from '../commands/jsonLines.js';
import type { ShownDecision } from './offPolicy.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The decisions of a log, in their order. Lines without text are passed over.
 *
 * @param ranking - name of the ranking in `rankings` that is the other policy; `null` for the probabilities in `target`
 * @throws SFS_FILE_UNREADABLE; SFS_LINE_INVALID for a line that is no decision
 */
export async function* decisionsOf(path: string, ranking: string | null): AsyncGenerator<ShownDecision, void, undefined> {
  for await (const lines of linesOf(fileBytes(path))) {
    for (const line of lines) if (line.raw.some((byte) => byte > 32)) yield decisionOf(line, ranking);
  }
}

function decisionOf({ number, raw }: Line, ranking: string | null): ShownDecision {
  const refuse = (what: string): SkillForgeError => new SkillForgeError('SFS_LINE_INVALID', `line ${number}: ${what}`, { context: { line: number } });
  const fields = objectOf(parsed(raw, refuse), refuse);
  const shown = arrayOf(fields, 'shown', refuse).map((one) => objectOf(one, refuse));
  const rewards = arrayOf(fields, 'rewards', refuse);
  if (rewards.length !== shown.length) throw refuse(`${rewards.length} rewards for ${shown.length} items shown`);
  const targets = ranking === null ? arrayOf(fields, 'target', refuse) : rankedTargets(fields, ranking, shown, refuse);
  if (targets.length !== shown.length) throw refuse(`${targets.length} target probabilities for ${shown.length} items shown`);
  const { learner = null } = fields;
  if (learner !== null && typeof learner !== 'string') throw refuse('learner is no text');
  const items = shown.map(({ propensity }, place) => {
    const [target, reward] = [targets[place], rewards[place]];
    if (!isProbability(propensity) || propensity === 0)
      throw refuse(`the propensity at place ${place} is ${String(propensity)}: it must be in (0, 1]`);
    if (!isProbability(target)) throw refuse(`the target at place ${place} is ${String(target)}: it must be in [0, 1]`);
    if (typeof reward !== 'number' || !Number.isFinite(reward)) throw refuse(`the reward at place ${place} is no number`);
    return { propensity, target, reward };
  });
  return { learner, shown: items };
}

type Refuse = (what: string) => SkillForgeError;

function parsed(raw: Buffer, refuse: Refuse): unknown {
  try {
    return JSON.parse(raw.toString()) as unknown;
  } catch (cause) {
    throw refuse(`no JSON: ${errorMessageOf(cause)}`);
  }
}

function objectOf(value: unknown, refuse: Refuse): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw refuse('not a JSON object where one must be');
}

function arrayOf(fields: Fields, name: string, refuse: Refuse): readonly unknown[] {
  const value = fields[name];
  if (Array.isArray(value)) return value;
  throw refuse(`${name} is ${value === undefined ? 'missing' : 'no array'}`);
}

/** A ranking shows its item at a place for sure. */
function rankedTargets(fields: Fields, name: string, shown: readonly Fields[], refuse: Refuse): number[] {
  const ranking = objectOf(fields['rankings'] ?? {}, refuse)[name];
  if (!Array.isArray(ranking)) throw refuse(`rankings has no array ${name}`);
  return shown.map(({ item }, place) => (ranking[place] === item ? 1 : 0));
}

const isProbability = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
