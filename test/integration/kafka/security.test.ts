import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import type { SaslOptions } from '../../../runtime/kafka/options.js';
import { DEADLINE_MS, drivers, Member, newTopic, numbered, openFor, unique, until, valuesOf, write } from './fixtures.js';
import { startSecuredKafka, USER, type SecuredKafka } from './securedKafka.js';
import { needDriver, SERVER_START_MS } from './server.js';

let kafka: SecuredKafka | null = null;
let missing = '';

beforeAll(async () => {
  try {
    kafka = await startSecuredKafka();
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
    missing = errorMessageOf(error);
  }
}, SERVER_START_MS);

afterAll(async () => kafka?.close(), DEADLINE_MS);

describe.each(drivers)('TLS and SASL through %s', { timeout: 3 * DEADLINE_MS }, (driver) => {
  beforeEach(async (context) => {
    context.skip(kafka === null, missing);
    await needDriver(driver, context);
  });

  it.each<SaslOptions['mechanism']>(['plain', 'scram-sha-256', 'scram-sha-512'])('read and write as a user, by %s', async (mechanism) => {
    const { address, ca } = kafka!;
    const broker = await openFor(driver, address, { tls: { ca }, sasl: { mechanism, ...USER } });
    const topic = await newTopic(broker);
    await write(broker, numbered(topic, 0, 0, 3));
    expect(await valuesOf(broker, topic)).toEqual(['v0', 'v1', 'v2']);
    const member = new Member(broker, unique('group'));
    await (await broker.consumer(member.options())).subscribe([topic]);
    await until('the end', () => member.collector.atEnd(topic));
    await broker.close();
  });

  it.each<SaslOptions['mechanism']>(['plain', 'scram-sha-256'])('refuse a wrong password by %s, and do not repeat it', async (mechanism) => {
    const { address, ca } = kafka!;
    const password = 'wrong-horse-battery';
    const broker = await openFor(driver, address, { tls: { ca }, sasl: { mechanism, username: USER.username, password }, requestTimeoutMs: 5_000 });
    for (const open of [() => broker.producer({ transactionalId: null }), () => broker.admin()]) {
      const error = await (open() as Promise<unknown>).then(
        () => null,
        (thrown: unknown) => thrown as Error & { code: string },
      );
      expect(error?.code).toBe('SFS_BROKER_REFUSED');
      expect(JSON.stringify([error!.message, error!.stack, String(error!.cause)])).not.toContain(password);
    }
    await broker.close();
  });

  it('refuse a broker whose certificate they do not trust', async () => {
    const broker = await openFor(driver, kafka!.address, { tls: {}, sasl: { mechanism: 'plain', ...USER }, requestTimeoutMs: 5_000 });
    const code = await broker.producer({ transactionalId: null }).then(
      () => null,
      (thrown: unknown) => errorCodeOf(thrown),
    );
    expect(code).toBe('SFS_BROKER_REFUSED');
    await broker.close();
  });
});
