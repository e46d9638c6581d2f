import { describe, expect, it } from 'vitest';
import { localTools } from '../../../runtime/localTools.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { learnerId, topics, type LearnerProfile, type Opened } from '../../../schemas/index.js';
import { writeStatement, type Said, type Standing } from '../../../scripts/privacy/statement.js';
import { topicRecords } from '../../../scripts/training/topicRecords.js';
import { profile } from '../../topologies/statements.js';
import { append } from '../archive/archived.js';

const REGION = 'test';
const say = (storage: MemoryStorage, said: Said, atMs: number, learner = 'ada'): Promise<Standing> =>
  writeStatement(localTools(storage), { region: REGION, learner: learnerId(learner), atMs }, said);

async function profilesOf(storage: MemoryStorage, learner = 'ada'): Promise<Opened<LearnerProfile>[]> {
  const found: Opened<LearnerProfile>[] = [];
  for await (const one of (await topicRecords(localTools(storage), REGION, topics.profiles)).all()) if (one.learner === learner) found.push(one);
  return found;
}

describe('what a learner says of the use of their data', () => {
  it('is their last profile with the statement, and the rest as it was', async () => {
    const storage = memoryStorage();
    const known = { segments: { education: 'HE' }, courses: ['AAA'], cohort: 'blue' };
    await append(storage, topics.profiles, [profile('ada', 5, known), profile('bob', 9), profile('ada', 3)]);
    expect(await say(storage, { consentProfiling: false }, 10)).toEqual({
      learner: 'ada',
      atMs: 10,
      consentProfiling: false,
      objectsToProfiling: false,
      restricted: false,
      profiled: false,
    });
    const last = (await profilesOf(storage)).at(-1)!;
    const expected = profile('ada', 10, { ...known, consent: false });
    expect(last).toEqual({ ...expected, personal: { ...expected.personal, consentAtMs: 10 } });
    expect(await profilesOf(storage, 'bob')).toHaveLength(1);
  });

  it('holds for a learner of whom there is no profile, and goes no further back than the profile that holds', async () => {
    const storage = memoryStorage();
    expect(await say(storage, { consentProfiling: true }, 7)).toMatchObject({ atMs: 7, profiled: true });
    expect(await say(storage, { consentProfiling: false }, 2)).toMatchObject({ atMs: 7, profiled: false });
    expect((await profilesOf(storage)).map(({ updatedAtMs, personal }) => [updatedAtMs, personal.consentProfiling, personal.consentAtMs])).toEqual([
      [7, true, 7],
      [7, false, 7],
    ]);
  });

  it('outlives profiles that others write, until it is taken back: an objection and a restriction outweigh the consent', async () => {
    const storage = memoryStorage();
    await say(storage, { objectsToProfiling: true }, 1);
    await say(storage, { restricted: true }, 2);
    await append(storage, topics.profiles, [profile('ada', 3)]);
    expect(await say(storage, { consentProfiling: true }, 4)).toMatchObject({ objectsToProfiling: true, restricted: true, profiled: false });
    expect(await say(storage, { restricted: false }, 5)).toMatchObject({ objectsToProfiling: true, restricted: false, profiled: false });
    expect(await say(storage, { objectsToProfiling: false }, 6)).toMatchObject({ consentProfiling: true, profiled: true });
  });
});
