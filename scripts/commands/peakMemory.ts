/** The most memory that this process needed. */
import { readFileSync } from 'node:fs';

const SAMPLE_MS = 200;
const ANONYMOUS = /^RssAnon:\s+(\d+) kB$/m;

/**
 * Samples the anonymous memory of this process (heap and buffers; not the pages of the storage's file, which the system
 * takes back when it likes). Where the system does not tell, `bytes` is `null`.
 */
export class PeakMemory {
  private most: number | null = null;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.sample();
    this.timer = setInterval(() => this.sample(), SAMPLE_MS);
    this.timer.unref();
  }

  /** Ends the sampling. Unit: bytes. */
  stop(): number | null {
    clearInterval(this.timer);
    this.sample();
    return this.most;
  }

  private sample(): void {
    const bytes = anonymousBytes();
    if (bytes !== null) this.most = Math.max(this.most ?? 0, bytes);
  }
}

function anonymousBytes(): number | null {
  try {
    const kilobytes = ANONYMOUS.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
