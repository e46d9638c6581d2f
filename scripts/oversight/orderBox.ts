/**
 * Orders for a folder that another process has open: a folder has one writer, and people must be able to stop the recommender while it runs. An order is a
 * file in the folder; whoever has the folder open for writing appends it to the log within half a second, and removes the file.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedStorage } from '../../runtime/embedded/index.js';
import type { LocalStorage } from '../../runtime/ports.js';
import { SkillForgeError, errorCodeOf, errorMessageOf, type ErrorCode } from '../../schemas/index.js';
import { onDisk } from '../fileWriting.js';
import { recordOfOrder, topicOfOrder, type Order } from './orders.js';

/** Where orders lie, in the data folder. */
export const ORDER_FOLDER = 'oversight';

const ORDER = /^\d+-\w+\.json$/;
/** End of the name of what says why an order was not taken. */
const REFUSED = '.refused';
const LOOK_MS = 500;
/** Who has the folder open looks twice a second: longer than this it will not. */
const PATIENCE_MS = 10_000;
const ASK_MS = 100;
/** Who gave an order withdraws it long before: one that is older was abandoned, and may be about a trouble that is over. */
const OLDEST_MS = 60_000;

/** What orders are appended to. */
export interface OrderPlace {
  readonly log: Pick<LocalStorage['log'], 'ensureTopic' | 'append'>;
  /** Since when a key is erased, ms since epoch; `null` for one that is not. Absent where nothing is erased. */
  readonly erasedSince?: (key: string) => number | null;
}

/** A folder that is open for writing. */
export const placeOf = (storage: Pick<EmbeddedStorage, 'log' | 'erasedSince'>): OrderPlace => ({
  log: storage.log,
  erasedSince: (key) => storage.erasedSince(key),
});

/** Appends an order; durable when it resolves. @throws SFS_LEARNER_ERASED; what making topics and appending throw */
export async function appendOrder(place: OrderPlace, order: Order): Promise<void> {
  if (order.kind === 'override') assertNotErased(place, order.override.learner);
  const record = recordOfOrder(order);
  place.log.ensureTopic(topicOfOrder(order));
  await place.log.append([record]);
}

/** The folder would leave it out without a word. */
function assertNotErased(place: OrderPlace, learner: string): void {
  const sinceMs = place.erasedSince?.(learner) ?? null;
  if (sinceMs === null) return;
  throw new SkillForgeError('SFS_LEARNER_ERASED', 'the data of this learner were erased: there is nothing to override', { context: { sinceMs } });
}

/** Leaves an order for whoever has the folder open. @returns its path. @throws SFS_FILE_UNWRITABLE */
export function leaveOrder(folder: string, order: Order): string {
  const boxed = join(folder, ORDER_FOLDER);
  const path = join(boxed, `${Date.now()}-${Math.random().toString(36).slice(2)}.json`);
  onDisk(path, () => {
    mkdirSync(boxed, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.partial`, JSON.stringify(order), { flush: true });
    renameSync(`${path}.partial`, path);
  });
  return path;
}

/**
 * Whether an order was taken within ten seconds; one that was not is withdrawn. @param patienceMs - how long to wait instead
 * @throws why it was refused, such as SFS_LEARNER_ERASED
 */
export async function wasTaken(path: string, patienceMs = PATIENCE_MS): Promise<boolean> {
  for (const untilMs = performance.now() + patienceMs; existsSync(path) && performance.now() < untilMs;) await sleep(ASK_MS);
  if (withdraw(path)) return false;
  assertNotRefused(path);
  return true;
}

/** Takes an order back; false where somebody took it. */
export function withdraw(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

function assertNotRefused(path: string): void {
  const refusal = `${path}${REFUSED}`;
  if (!existsSync(refusal)) return;
  const { code, message } = JSON.parse(readFileSync(refusal, 'utf8')) as { readonly code: ErrorCode; readonly message: string };
  rmSync(refusal, { force: true });
  throw new SkillForgeError(code, message);
}

/** Takes orders that lie in the folder of an open storage, until it is closed. */
export class OrderBox {
  private readonly timer: NodeJS.Timeout;
  private taking: Promise<void> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly place: OrderPlace,
  ) {
    this.timer = setInterval(() => void this.take(), LOOK_MS).unref();
  }

  /** Takes what lies there now. Never rejects. */
  take(): Promise<void> {
    // What was taken and cannot be removed lies there at the next look, too.
    this.taking = this.taking.then(() => this.takeAll()).catch(() => undefined);
    return this.taking;
  }

  /** Resolves when no order is being taken. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.taking;
  }

  /** Up to the first that has to wait: the last order holds, so that none may overtake another. */
  private async takeAll(): Promise<void> {
    for (const name of ordersIn(this.folder)) if (!(await this.takeOne(join(this.folder, ORDER_FOLDER, name)))) return;
  }

  /** Whether the next one may be taken. Removed when it is in the log: after a crash between the two it is there twice, under one id. */
  private async takeOne(path: string): Promise<boolean> {
    try {
      assertNotAbandoned(path);
      await appendOrder(this.place, JSON.parse(readFileSync(path, 'utf8')) as Order);
    } catch (error) {
      // Withdrawn in the same instant.
      if (!existsSync(path)) return true;
      // The storage has no room: it is left for the next look. What can never be appended is not tried for ever.
      if (isPassing(error)) return false;
      refuse(path, error);
      return true;
    }
    rmSync(path, { force: true });
    return true;
  }
}

/** The name has when it was left. */
function assertNotAbandoned(path: string): void {
  const ageMs = Date.now() - Number.parseInt(basename(path), 10);
  if (ageMs <= OLDEST_MS) return;
  const message = `nobody took the order within ${OLDEST_MS / 1000} s: give it again if it is to hold`;
  throw new SkillForgeError('SFS_FOLDER_LOCKED', message, { context: { ageMs } });
}

/** Where that cannot be written, the next look refuses it again; those after it do not wait, as it is never appended. */
function refuse(path: string, error: unknown): void {
  try {
    writeFileSync(`${path}${REFUSED}`, JSON.stringify({ code: errorCodeOf(error), message: errorMessageOf(error) }));
    rmSync(path, { force: true });
  } catch {
    // Without its reason it must not go: who gave it would think that it was taken.
  }
}

const isPassing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' ||
  (error instanceof SkillForgeError && (error.retriable || ['SFS_STORAGE_FULL', 'SFS_STORAGE_FAILED'].includes(errorCodeOf(error))));

/** The oldest first. */
function ordersIn(folder: string): string[] {
  try {
    return readdirSync(join(folder, ORDER_FOLDER))
      .filter((name) => ORDER.test(name))
      .sort();
  } catch {
    return [];
  }
}
