import { SkillForgeError } from '../../schemas/index.js';
import type { Admin } from '../kafka/broker.js';
import type { PartitionRange } from '../ports.js';

/** How long a topic is waited for, ms: one of which a partition has no leader answers when that has one, and the others do not wait for it. */
const PATIENCE_MS = 2_000;

/** Asks for the ends of topics; one that does not answer is not asked twice at the same time. */
export class TopicEnds {
  private readonly asking = new Map<string, Promise<unknown>>();

  /** What its partitions hold, from a request that began after this call; or why that cannot be found now. @throws what does not pass by itself */
  async find(admin: Pick<Admin, 'ranges'>, topic: string): Promise<readonly PartitionRange[] | SkillForgeError> {
    let timer: NodeJS.Timeout | undefined;
    const given = new AbortController();
    const late = new Promise<SkillForgeError>((resolve) => {
      timer = setTimeout(() => {
        given.abort();
        resolve(lateOf(topic));
      }, PATIENCE_MS).unref();
    });
    try {
      return await Promise.race([this.ask(admin, topic, given.signal), late]);
    } catch (error) {
      if (error instanceof SkillForgeError && error.retriable) return error;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private async ask(admin: Pick<Admin, 'ranges'>, topic: string, given: AbortSignal): Promise<readonly PartitionRange[] | SkillForgeError> {
    await this.asking.get(topic);
    if (given.aborted) return lateOf(topic);
    const asked = admin.ranges(topic);
    const settled = asked.then(
      () => undefined,
      () => undefined,
    );
    this.asking.set(topic, settled);
    return asked;
  }
}

const lateOf = (topic: string): SkillForgeError =>
  new SkillForgeError('SFS_BROKER_UNAVAILABLE', `the ends of ${topic} have not been found within ${PATIENCE_MS} ms`, { retriable: true });
