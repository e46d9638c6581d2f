/** OpenBao, a key service, as processes of this machine: one, or a cluster of three. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError } from '../../schemas/index.js';
import { isInstalled, programOf, setupCommand } from '../ml/python.js';
import { HOST, withFreePorts } from './freePorts.js';
import { startServer, startTogether, type Server, type ServerHost } from './serverProcess.js';

/** A running OpenBao, unsealed. What it is told lies in the folders of its servers: a restart keeps it, and leaves a server sealed. */
export interface OpenBao {
  /** Of the first server, such as `http://127.0.0.1:18500`. */
  readonly url: string;
  /** May do everything. */
  readonly rootToken: string;
  /** The first one leads at the start. */
  readonly servers: readonly Server[];
  /** Unseals a server, and waits until it serves. @throws SFS_SERVICE_FAILED */
  unseal(server: Server): Promise<void>;
}

/** How long a server may take until it serves, ms. */
const SETTLE_LIMIT_MS = 60_000;
const LOOK_MS = 50;
/** What `sys/health` says. */
const LEADS = 200;
const STANDS_BY = 429;

interface Keys {
  readonly root_token: string;
  readonly keys_base64: readonly [string];
}

/** Starts OpenBao. @throws SFS_SERVICE_MISSING where its program has not been installed; SFS_SERVICE_FAILED */
export async function startOpenBao(host: ServerHost, nodes: 1 | 3): Promise<OpenBao> {
  if (!isInstalled('openbao')) {
    throw new SkillForgeError('SFS_SERVICE_MISSING', `OpenBao is not installed: ${setupCommand('openbao')}`);
  }
  host.report(`starting OpenBao (${nodes === 1 ? 'one server' : `${nodes} servers`})`);
  // Each has a second port, for the others.
  const servers = await withFreePorts(2 * nodes, (ports) => startAll(host, ports, nodes));
  const [first, ...others] = servers;
  const url = urlOn(first!.port);
  const keys = await told<Keys>(`${url}/v1/sys/init`, { secret_shares: 1, secret_threshold: 1 });
  const unseal = async (server: Server): Promise<void> => {
    await told(`${urlOn(server.port)}/v1/sys/unseal`, { key: keys.keys_base64[0] });
    await untilServing(server, keys.root_token);
  };
  await unseal(first!);
  for (const server of others) {
    await joinCluster(server, url);
    await unseal(server);
  }
  return { url, rootToken: keys.root_token, servers, unseal };
}

const urlOn = (port: number): string => `http://${HOST}:${port}`;

const startAll = (host: ServerHost, ports: readonly number[], nodes: number): Promise<Server[]> =>
  startTogether(ports.slice(0, nodes).map((port, index) => startOn(host, `openbao-${index + 1}`, port, ports[nodes + index]!)));

async function startOn(host: ServerHost, name: string, port: number, clusterPort: number): Promise<Server> {
  const folder = join(host.folder, name);
  const config = join(folder, 'config.json');
  const settings = {
    storage: { raft: { path: join(folder, 'data'), node_id: name } },
    listener: [{ tcp: { address: `${HOST}:${port}`, cluster_address: `${HOST}:${clusterPort}`, tls_disable: true } }],
    api_addr: urlOn(port),
    cluster_addr: `https://${HOST}:${clusterPort}`,
  };
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(config, JSON.stringify(settings));
  const program = programOf('openbao', 'bao');
  // Sealed or not set up it answers, too.
  return startServer(host, {
    name,
    port,
    program,
    args: ['server', `-config=${config}`],
    folder,
    isReady: async () => (await health(port)) !== null,
  });
}

/** Status of its health; `null` while it does not listen. */
async function health(port: number): Promise<number | null> {
  try {
    return (await fetch(`${urlOn(port)}/v1/sys/health`)).status;
  } catch {
    return null;
  }
}

/** A leader that is busy with having become one lets nobody in yet. */
async function joinCluster(server: Server, leader: string): Promise<void> {
  for (const limitMs = performance.now() + SETTLE_LIMIT_MS; ; await sleep(LOOK_MS)) {
    try {
      await told(`${urlOn(server.port)}/v1/sys/storage/raft/join`, { leader_api_addr: leader });
      return;
    } catch (error) {
      if (performance.now() > limitMs) throw error;
    }
  }
}

/** A server that was just unsealed says that it stands by, until it leads or knows who does. On a busy machine one that leads may take nothing yet. */
async function untilServing(server: Server, token: string): Promise<void> {
  const limitMs = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const status = await health(server.port);
    const isServing = status === LEADS || (status === STANDS_BY && (await knowsLeader(server.port)));
    if (isServing && (await takesWrites(server.port, token))) return;
    if (performance.now() > limitMs) throw failed(`${server.name} does not serve: its health is ${status ?? 'nothing'}`);
    await sleep(LOOK_MS);
  }
}

/** A write that nobody sees: it is kept for the token alone. */
async function takesWrites(port: number, token: string): Promise<boolean> {
  const options = { method: 'POST', headers: { 'x-vault-token': token }, body: JSON.stringify({ ready: true }) };
  return (await fetch(`${urlOn(port)}/v1/cubbyhole/ready`, options)).ok;
}

/** Before it says that it leads itself, it has its own address there. */
async function knowsLeader(port: number): Promise<boolean> {
  const response = await fetch(`${urlOn(port)}/v1/sys/leader`);
  if (!response.ok) return false;
  const { leader_address: address } = (await response.json()) as { readonly leader_address: string };
  return address !== '' && address !== urlOn(port);
}

async function told<T>(url: string, body: object): Promise<T> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw failed(`${url} answers ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

const failed = (what: string): SkillForgeError => new SkillForgeError('SFS_SERVICE_FAILED', `OpenBao cannot be set up: ${what}`);
