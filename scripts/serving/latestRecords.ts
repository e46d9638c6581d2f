import { RecentRecords, type RecordTools } from './recentRecords.js';

/** Keys whose last record is remembered. */
const MOST_KEYS = 256;

/** Finds the last record of a key, as {@link RecentRecords} does. */
export class LatestRecords {
  private readonly recent: RecentRecords;

  /** @param reach - offsets before the end that a first look goes back (all) */
  constructor(tools: RecordTools, reach = Infinity) {
    this.recent = new RecentRecords(tools, { reach, most: 1, keys: MOST_KEYS });
  }

  /** Bytes of the last record of a key; `null` where there is none, it was deleted, or the topic does not exist. @param topic - physical name */
  async find(topic: string, key: string): Promise<Buffer | null> {
    return (await this.recent.find(topic, key))[0] ?? null;
  }
}
