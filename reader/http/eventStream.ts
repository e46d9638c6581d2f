/** Server-sent events to one client (HTML Standard, 9.2). */
import { Readable } from 'node:stream';

/** A client that went away asks again after so long, ms. */
const RETRY_MS = 2_000;
/** Signs of life that a client may leave unread before it is given up. */
const MOST_UNREAD = 4;

/** An event as it is sent. */
export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  /** One line of text. */
  readonly data: string;
}

/** The body of an answer that goes on. Of events that a slow client has not taken only the last is kept, so its memory stays bounded. */
export class EventStream extends Readable {
  private isFull = false;
  private waiting: string | null = null;
  private unread = 0;
  private isOver = false;

  constructor() {
    super();
    this.give(`retry: ${RETRY_MS}\n\n`);
  }

  send({ id, event, data }: ServerSentEvent): void {
    const text = `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
    if (this.isFull) this.waiting = text;
    else this.give(text);
  }

  /** A comment: it keeps what is between from closing a silent connection, and finds out a client that takes nothing any more. */
  beat(): void {
    if (!this.isFull) return this.give(': here\n\n');
    this.unread++;
    if (this.unread > MOST_UNREAD) this.destroy();
  }

  end(): void {
    if (this.isOver || this.destroyed) return;
    this.isOver = true;
    this.push(null);
  }

  override _read(): void {
    this.isFull = false;
    this.unread = 0;
    const { waiting } = this;
    this.waiting = null;
    if (waiting !== null) this.give(waiting);
  }

  private give(text: string): void {
    if (!this.destroyed && !this.isOver) this.isFull = !this.push(text);
  }
}
