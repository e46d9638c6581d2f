import type { Log } from '../../runtime/ports.js';
import { RecentRecords } from './recentRecords.js';

/** Keys whose last record is remembered. */
const MOST_KEYS = 256;

/** Finds the last record of a key, as {@link RecentRecords} does. */
export class LatestRecords {
  private readonly recent: RecentRecords;

  constructor(log: Log) {
    this.recent = new RecentRecords(log, { most: 1, keys: MOST_KEYS });
  }

  /** Bytes of the last record of a key; `null` where there is none, it was deleted, or the topic does not exist. @param topic - physical name */
  async find(topic: string, key: string): Promise<Buffer | null> {
    return (await this.recent.find(topic, key))[0] ?? null;
  }
}
