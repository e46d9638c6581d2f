/** Opens a native client. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Failures } from '../failures.js';
import type { FullKafkaOptions } from '../options.js';
import { failureOf } from './codes.js';
import { asError, nativeCall, type NativeConsumer, type NativeError, type NativeProducer } from './native.js';

/** Of these the client's call only says that nobody answered, and its events have no number. */
const REFUSAL = /authentication|ssl/i;
const HEAR_MS = 100;

/** Connects within the time that the options give. @throws SFS_BROKER_UNAVAILABLE, SFS_BROKER_REFUSED */
export async function connect(client: NativeConsumer | NativeProducer, options: FullKafkaOptions, failures: Failures): Promise<void> {
  let refusal: NativeError | null = null;
  const listen = (error: NativeError): void => {
    if (REFUSAL.test(error.message)) refusal = error;
  };
  client.on('event.error', listen);
  const connecting = nativeCall((done) => client.connect({ timeout: options.requestTimeoutMs }, done));
  try {
    await hearUntil(connecting, client);
    await connecting;
  } catch (error) {
    throw refusal === null ? failureOf(error, 'connecting', failures) : failures.refused('connecting', asError(refusal));
  } finally {
    client.off('event.error', listen);
  }
}

/** A client tells what happens when it is asked for its work: this asks until it is connected or has failed, and not a moment longer. */
async function hearUntil(connecting: Promise<unknown>, client: NativeConsumer | NativeProducer): Promise<void> {
  let ended = false;
  const end = (): void => void (ended = true);
  connecting.then(end, end);
  while (!ended) {
    await Promise.race([connecting.catch(() => undefined), sleep(HEAR_MS)]);
    if (ended || !client.isConnected()) continue;
    if ('poll' in client) client.poll();
    else await nativeCall((done) => client.consume(1, done)).catch(() => undefined);
  }
}
