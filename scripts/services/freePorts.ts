/** Ports of this machine that nobody listens on. */
import { createServer } from 'node:net';
import { SkillForgeError, errorCodeOf } from '../../schemas/index.js';

/**
 * Below the range that the kernel takes ports of outgoing connections from (32768 and up on Linux): a server that is
 * killed and started again shall find its port free.
 */
const FIRST = 18_000;
const LAST = 31_999;
const TRIES = 5;

/** What this process has given away: a server that is about to start does not listen yet. */
const given = new Set<number>();

/** The address of every server. */
export const HOST = '127.0.0.1';

/** @throws SFS_SERVICE_FAILED when there are none left */
async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const size = LAST - FIRST + 1;
  const start = Math.floor(Math.random() * size);
  for (let step = 0; step < size && ports.length < count; step++) {
    const port = FIRST + ((start + step) % size);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  if (ports.length < count) throw new SkillForgeError('SFS_SERVICE_FAILED', `no ${count} ports of ${FIRST} to ${LAST} are free`);
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Whether an error is that of a server whose port another process took between the look and the start. */
const isPortTaken = (error: unknown): boolean =>
  errorCodeOf(error) === 'SFS_SERVICE_FAILED' && (error as SkillForgeError).context['portTaken'] === true;

/** Starts servers on free ports, and again on others where one was taken in between. `start` leaves nothing running when it fails. */
export async function withFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      if (tries === TRIES || !isPortTaken(error)) throw error;
    }
  }
}
