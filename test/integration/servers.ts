/** The real servers that the test files of a run share. Each starts when the first test asks for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { inject, type TestContext } from 'vitest';
import type { BrokerDriver } from '../../runtime/kafka/broker.js';
import { loadNative } from '../../runtime/kafka/confluent/native.js';
import { errorCodeOf, errorMessageOf } from '../../schemas/index.js';
import { startServices, type Services, type ServicesOptions } from '../../scripts/services/index.js';

/** A server of the run: a Kafka broker, a Redis, a schema registry, MLflow. */
export type ServerName = 'kafka' | 'redis' | 'registry' | 'mlflow';

/** What test files of a run share: its servers, and the built program. */
export type SharedName = ServerName | 'program';

/** What the run says about a server. `missing`: it cannot be had on this machine, and why; `failure`: it should run, and does not. */
export type ServerAnswer = 'starting' | { readonly address: string } | { readonly missing: string } | { readonly failure: string };

/** Time-out for a test or hook that asks for a server: the first one waits for its start, and for a download where nothing was set up. */
export const SERVER_START_MS = 900_000;

const LOOK_MS = 200;

/**
 * Bootstrap servers of the run's Kafka, one broker, without automatic creation of topics. Skips the test where it cannot be had, and where the
 * client by which the test reaches it is not built: that of the product, unless the test names another one.
 */
export async function sharedKafka(context: TestContext, driver: BrokerDriver = 'confluent'): Promise<string> {
  await needDriver(driver, context);
  return shared('kafka', context);
}

/** Skips a test of a client of Kafka whose compiled part is missing, and says so. For tests with a Kafka of their own. */
export async function needDriver(driver: BrokerDriver, context: TestContext): Promise<void> {
  if (driver === 'kafkajs') return;
  const missing = await loadNative().then(
    () => null,
    (error: unknown) => errorMessageOf(error),
  );
  context.skip(missing !== null, missing ?? '');
}

/** Address of the run's Redis, `redis://…`; use keys of your own. Skips the test where it cannot be had. */
export const sharedRedis = (context: TestContext): Promise<string> => shared('redis', context);

/** Base address of the run's registry; use subjects of your own. Skips the test where it cannot be had. */
export const sharedRegistry = (context: TestContext): Promise<string> => shared('registry', context);

/** Address of the run's MLflow; use names of experiments and models of your own. Skips the test where it cannot be had. */
export const sharedMlflow = (context: TestContext): Promise<string> => shared('mlflow', context);

/** Servers of this test's own, to kill or to have three brokers of; closed when the test ends. Skips the test where they cannot be had. */
export async function ownServices(options: ServicesOptions, context: TestContext): Promise<Services> {
  try {
    const services = await startServices(options);
    context.onTestFinished(() => services.close());
    return services;
  } catch (error) {
    context.skip(errorCodeOf(error) === 'SFS_SERVICE_MISSING', errorMessageOf(error));
    throw error;
  }
}

/** Path of the built command line, made anew once in a run where a source is younger. */
export async function sharedProgram(): Promise<string> {
  const answer = await settled('program');
  if ('address' in answer) return answer.address;
  throw new Error(`the program cannot be built: ${JSON.stringify(answer)}`);
}

async function shared(name: ServerName, context: TestContext): Promise<string> {
  const answer = await settled(name);
  if ('failure' in answer) throw new Error(answer.failure);
  if ('address' in answer) return answer.address;
  return context.skip(answer.missing);
}

async function settled(name: SharedName): Promise<Exclude<ServerAnswer, 'starting'>> {
  for (;;) {
    const response = await fetch(`${inject('servers')}/${name}`);
    const answer = (await response.json()) as ServerAnswer;
    if (answer !== 'starting') return answer;
    await sleep(LOOK_MS);
  }
}
