/** MLflow, tracking and registry of models, as a process of this machine. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SkillForgeError } from '../../schemas/index.js';
import { isInstalled, pythonOf, pythonVariables, setupCommand } from '../ml/python.js';
import { HOST, withFreePorts } from './freePorts.js';
import { startServer, type Server, type ServerHost } from './serverProcess.js';

/** A running MLflow. What it is told lies in a database file and a folder of artifacts: a restart keeps it. */
export interface Mlflow {
  /** Tracking address, such as `http://127.0.0.1:18500`. */
  readonly url: string;
  readonly server: Server;
}

const NAME = 'mlflow';

/** Starts MLflow. @throws SFS_SERVICE_MISSING where its Python packages have not been installed; SFS_SERVICE_FAILED */
export async function startMlflow(host: ServerHost): Promise<Mlflow> {
  if (!isInstalled('operations')) {
    throw new SkillForgeError('SFS_SERVICE_MISSING', `MLflow needs Python packages that are not installed: ${setupCommand('operations')}`);
  }
  host.report('starting MLflow');
  const folder = join(host.folder, NAME);
  await mkdir(folder);
  const server = await withFreePorts(1, ([port]) => startOn(port!, host, folder));
  return { url: urlOn(server.port), server };
}

const urlOn = (port: number): string => `http://${HOST}:${port}`;

function startOn(port: number, host: ServerHost, folder: string): Promise<Server> {
  const stores = ['--backend-store-uri', `sqlite:///${join(folder, 'mlflow.db')}`, '--artifacts-destination', join(folder, 'artifacts')];
  return startServer(host, {
    name: NAME,
    port,
    program: pythonOf('operations'),
    // One worker: SQLite has one writer, and tests have one client.
    args: ['-m', 'mlflow', 'server', '--host', HOST, '--port', String(port), '--workers', '1', '--serve-artifacts', ...stores],
    // Its jobs are for evaluations of language models, in processes of their own.
    env: { ...pythonVariables(), MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    folder,
    isReady: () => isHealthy(`${urlOn(port)}/health`),
  });
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    return (await response.text()) === 'OK';
  } catch {
    return false; // it does not listen yet
  }
}
