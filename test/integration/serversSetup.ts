/**
 * Global set-up of a test run: the servers that all test files share. Nothing starts, and no test waits, until a test asks for a server:
 * the run is given an address where to ask, and each server is started at the first question for it.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startServices, type Services, type ServicesOptions } from '../../scripts/services/index.js';
import { errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import { builtProgram } from './builtProgram.js';
import type { ServerAnswer, ServerName, SharedName } from './servers.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test files ask for what they share: the path is a {@link SharedName}. */
    readonly servers: string;
  }
}

const OPTIONS: Readonly<Record<ServerName, ServicesOptions>> = {
  kafka: { brokers: 1 },
  redis: { redis: 'single' },
  registry: { registry: true },
  mlflow: { mlflow: true },
};

const SHARED: readonly SharedName[] = ['kafka', 'redis', 'registry', 'mlflow', 'program'];

const started = new Map<ServerName, Promise<Services>>();
const answers = new Map<SharedName, ServerAnswer>();
let building = false;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => answer(request.url?.slice(1) ?? '', response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('servers', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    const ends = await Promise.allSettled([...started.values()]);
    await Promise.all(ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value.close()] : [])));
  };
}

/** Answers at once, also while a server is starting: downloads may take longer than a request may. */
function answer(name: string, response: ServerResponse): void {
  const known = SHARED.find((one) => one === name);
  if (known === 'program') build();
  else if (known !== undefined && !started.has(known)) start(known);
  const text: ServerAnswer = known === undefined ? { failure: `there is no server ${name}` } : (answers.get(known) ?? 'starting');
  response.setHeader('content-type', 'application/json').end(JSON.stringify(text));
}

function build(): void {
  if (building) return;
  building = true;
  builtProgram().then(
    (path) => answers.set('program', { address: path }),
    (error: unknown) => answers.set('program', { failure: errorMessageOf(error) }),
  );
}

function start(name: ServerName): void {
  const report = (line: string): void => console.log(`servers for tests: ${line}`);
  const onCrash = (): void => void answers.set(name, { failure: `the server ${name} of this run has ended by itself` });
  const starting = startServices({ ...OPTIONS[name], report, onCrash });
  started.set(name, starting);
  starting.then(
    (services) => answers.set(name, { address: addressOf(services) }),
    (error: unknown) => {
      const kind = errorCodeOf(error) === 'SFS_SERVICE_MISSING' ? 'missing' : 'failure';
      answers.set(name, { [kind]: errorMessageOf(error) } as ServerAnswer);
    },
  );
}

const addressOf = ({ kafka, redis, registry, mlflow }: Services): string => kafka?.bootstrapServers ?? (redis ?? registry ?? mlflow)!.url;
