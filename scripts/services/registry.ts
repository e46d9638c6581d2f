/** A registry of schemas with Confluent's interface (Apicurio, in memory) as a process of this machine. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { registryJar } from './artifacts.js';
import { HOST, withFreePorts } from './freePorts.js';
import { requireJava } from './java.js';
import { startServer, type Server, type ServerHost } from './serverProcess.js';

/** A running registry. It keeps its schemas in memory: a restart forgets them. */
export interface Registry {
  /** Base address for a client of Confluent's registry, such as `http://127.0.0.1:18081/apis/ccompat/v7`. */
  readonly url: string;
  readonly server: Server;
}

const NAME = 'registry';

const urlOn = (port: number): string => `http://${HOST}:${port}/apis/ccompat/v7`;

/** Starts a registry. @throws SFS_SERVICE_MISSING, SFS_SERVICE_FAILED */
export async function startRegistry(host: ServerHost): Promise<Registry> {
  const java = requireJava('the schema registry');
  const jar = await registryJar(host.report);
  host.report('starting the schema registry');
  const folder = join(host.folder, NAME);
  await mkdir(folder);
  const server = await withFreePorts(1, ([port]) => startOn(port!, host, { java, jar, folder }));
  return { url: urlOn(server.port), server };
}

interface Plan {
  readonly java: string;
  readonly jar: string;
  readonly folder: string;
}

function startOn(port: number, host: ServerHost, { java, jar, folder }: Plan): Promise<Server> {
  // The first compiler alone: it is ready sooner, and nobody measures a registry.
  const options = ['-XX:-UsePerfData', '-XX:TieredStopAtLevel=1', '-Xmx256m', `-Djava.io.tmpdir=${folder}`];
  return startServer(host, {
    name: NAME,
    port,
    program: java,
    args: [...options, `-Dquarkus.http.host=${HOST}`, `-Dquarkus.http.port=${port}`, '-jar', jar],
    folder,
    isReady: () => answers(`${urlOn(port)}/subjects`),
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.text();
    return response.ok;
  } catch {
    return false; // it does not listen yet
  }
}
