/** Events that wait on the disk of a reader that was started without a place for them: nobody forwards them, and somebody should know. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OUTBOX_FILE, Outbox } from './outbox.js';
import type { OutboxStatus } from './outboxWriter.js';

/** An outbox that is only looked at. */
export class LeftOutbox {
  private constructor(private readonly outbox: Outbox) {}

  /** `null` where nothing waits. @throws SFS_VIEW_UNUSABLE, SFS_REGION_MISMATCH */
  static async open(folder: string, region: string): Promise<LeftOutbox | null> {
    if (!existsSync(join(folder, OUTBOX_FILE))) return null;
    const outbox = await Outbox.open(folder, region);
    if (outbox.first() !== null) return new LeftOutbox(outbox);
    await outbox.close();
    return null;
  }

  /** How much waits: another process with a place for them may forward it. */
  status(): OutboxStatus {
    return { ...this.outbox.depth(), trouble: 'SFS_EVENTS_UNAVAILABLE', mostBytes: null };
  }

  async close(): Promise<void> {
    await this.outbox.close();
  }
}
