/**
 * One writer per folder. The writer listens on a socket of its own in the folder and records the socket's name in the
 * database. A socket stops answering the moment its process ends, whatever ended it, so a lock never outlives its holder:
 * no process id is compared (they get reused, and differ between containers). The record is only ever replaced in a
 * transaction that finds the very record whose socket was dead, so of two that find it dead only one gets in.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SkillForgeError } from '../../schemas/errors.js';
import type { Environment } from './environment.js';

const LOCK_KEY = Buffer.from('writer');
/** Longest socket path that every Unix takes, bytes. */
const MAX_SOCKET_PATH = 100;
const CONNECT_TIMEOUT_MS = 2000;

interface Holder {
  /** Name of the socket: within the folder, or a full path, or a Windows pipe. */
  readonly socket: string;
  readonly pid: number;
  readonly host: string;
  readonly sinceMs: number;
}

/** The right to write to a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Takes the folder for this process. @throws SFS_FOLDER_LOCKED with the holder's pid and since when */
export async function lockFolder(environment: Environment): Promise<FolderLock> {
  const { server, socket } = await listen(environment.folder);
  const own: Holder = { socket, pid: process.pid, host: hostname(), sinceMs: Date.now() };
  try {
    await claim(environment, own);
  } catch (cause) {
    await closeServer(server, environment.folder, socket);
    throw cause;
  }
  return { release: () => closeServer(server, environment.folder, socket) };
}

async function claim(environment: Environment, own: Holder): Promise<void> {
  for (;;) {
    const seen = environment.db.meta.get(LOCK_KEY);
    const holder = seen === undefined ? null : parseHolder(seen);
    if (holder !== null && (await answers(environment.folder, holder.socket))) throw locked(environment.folder, holder);
    if (!(await replaceRecord(environment, seen, own))) continue;
    if (holder !== null) removeSocket(environment.folder, holder.socket);
    return;
  }
}

/** Compare and set: LMDB lets one process at a time into a write transaction. */
function replaceRecord({ root, db, gate }: Environment, seen: Buffer | undefined, own: Holder): Promise<boolean> {
  root.resetReadTxn();
  return gate!.holdFor(() =>
    root.transactionSync(() => {
      const current = db.meta.get(LOCK_KEY);
      const unchanged = current === undefined ? seen === undefined : seen !== undefined && current.equals(seen);
      if (unchanged) db.meta.putSync(LOCK_KEY, Buffer.from(JSON.stringify(own)));
      return unchanged;
    }),
  );
}

/** @returns `null` for a damaged record: whoever wrote it cannot be asked */
function parseHolder(bytes: Buffer): Holder | null {
  try {
    const holder = JSON.parse(bytes.toString()) as Holder;
    return typeof holder.socket === 'string' ? holder : null;
  } catch {
    return null;
  }
}

function locked(folder: string, { pid, host, sinceMs }: Holder): SkillForgeError {
  const since = new Date(sinceMs).toISOString();
  return new SkillForgeError('SFS_FOLDER_LOCKED', `${folder} is in use by process ${pid} on ${host} since ${since}`, {
    retriable: true,
    context: { folder, pid, host, since },
  });
}

async function listen(folder: string): Promise<{ server: Server; socket: string }> {
  const name = `writer-${randomBytes(6).toString('hex')}.sock`;
  if (process.platform === 'win32') return { server: await bind(`\\\\.\\pipe\\skillforge-${name}`), socket: `\\\\.\\pipe\\skillforge-${name}` };
  try {
    return { server: await throughShortPath(folder, name, bind), socket: name };
  } catch {
    // The folder's file system has no sockets (some network and desktop mounts): this machine's temporary folder must do.
    return { server: await bind(join(tmpdir(), name)), socket: join(tmpdir(), name) };
  }
}

function bind(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(path, () => resolve(server));
    // The lock alone keeps no process running.
    server.unref();
  });
}

/** Does a process listen there? Only "refused" and "no such file" are a no: when in doubt the folder stays locked. */
async function answers(folder: string, socket: string): Promise<boolean> {
  const ask = socket.includes('/') || socket.includes('\\') ? knock(socket) : throughShortPath(folder, socket, knock);
  return ask;
}

function knock(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = connect(path);
    const answer = (alive: boolean): void => {
      client.destroy();
      resolve(alive);
    };
    client.setTimeout(CONNECT_TIMEOUT_MS, () => answer(true));
    client.once('connect', () => answer(true));
    client.once('error', (error: NodeJS.ErrnoException) => answer(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}

/** Socket paths are limited to some 100 bytes; on Linux a long folder is reached through its open descriptor. */
async function throughShortPath<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH || process.platform !== 'linux') return use(path);
  const descriptor = openSync(folder, 'r');
  try {
    return await use(`/proc/self/fd/${descriptor}/${name}`);
  } finally {
    closeSync(descriptor);
  }
}

async function closeServer(server: Server, folder: string, socket: string): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
  removeSocket(folder, socket);
}

function removeSocket(folder: string, socket: string): void {
  if (socket.includes('\\')) return;
  rmSync(socket.includes('/') ? socket : join(folder, socket), { force: true });
}
