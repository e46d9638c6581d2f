/** What the options of a command say of servers: addresses, files, certificates. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, type Option } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { kafkaOptionsOf, redisOptionsOf, registryOptionsOf, withServerOptions, type ServerOptions } from '../../../scripts/commands/serverOptions.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { newFolder } from '../../fixtures/folders.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const parsed = (...args: string[]): ServerOptions => {
  const command = withServerOptions(new Command('run').exitOverride().option('--until-end'), ['untilEnd']).configureOutput({
    writeErr: () => undefined,
  });
  return { ...command.parse(args, { from: 'user' }).opts<ServerOptions>(), region: 'eu-west' };
};

function fileWith(options: unknown): string {
  const folder = newFolder();
  mkdirSync(join(folder, 'certificates'));
  writeFileSync(join(folder, 'certificates', 'ca.pem'), PEM);
  const path = join(folder, 'options.json');
  writeFileSync(path, typeof options === 'string' ? options : JSON.stringify(options));
  return path;
}

afterEach(() => vi.unstubAllEnvs());

/** All options of a command and those below it, with the words that name it. */
const optionsOf = (command: Command, words: string): (readonly [words: string, option: Option])[] => [
  ...command.options.map((option) => [words, option] as const),
  ...command.commands.flatMap((one) => optionsOf(one, `${words} ${one.name()}`)),
];

describe('addresses of servers', () => {
  it.each([
    ['--kafka', 'SKILLFORGE_KAFKA', []],
    ['--registry', 'SKILLFORGE_REGISTRY', []],
    // Without --redis it works on the folder, which a variable must not change.
    ['--redis', 'SKILLFORGE_REDIS_URL', ['skillforge privacy keys ']],
  ])('%s is taken from %s by every command that has it', async (name, variable, others) => {
    const all = optionsOf(await skillforgeProgram(), 'skillforge').filter(
      ([words, { long }]) => long === name && !others.some((one) => words.startsWith(one)),
    );
    expect(all.length).toBeGreaterThan(3);
    expect(all.filter(([, { envVar }]) => envVar !== variable).map(([words]) => words)).toEqual([]);
  });
});

describe('options of servers', () => {
  it('name brokers, and what a file adds', () => {
    const file = fileWith({ clientId: 'mine', tls: { ca: 'certificates/ca.pem', certificate: PEM }, sasl: { mechanism: 'plain' } });
    const options = kafkaOptionsOf(parsed('--kafka', 'a:1, b:2', '--kafka-options', file, '--driver', 'kafkajs', '--allow-unsafe-producer'));
    expect(options).toMatchObject({
      brokers: ['a:1', 'b:2'],
      clientId: 'mine',
      tls: { ca: PEM, certificate: PEM },
      sasl: { mechanism: 'plain' },
      allowUnsafeProducer: true,
    });
  });

  it('name one Redis, or a cluster', () => {
    expect(redisOptionsOf(parsed('--redis', 'rediss://r:1/2'))).toEqual({ url: 'rediss://r:1/2', region: 'eu-west' });
    const nodes = [
      { host: 'a', port: 1 },
      { host: 'b', port: 6379 },
      { host: '::1', port: 3 },
    ];
    expect(redisOptionsOf(parsed('--redis', 'a:1,b,[::1]:3'))).toEqual({ nodes, region: 'eu-west' });
    const file = fileWith({ username: 'u', password: 'p', tls: { ca: 'certificates/ca.pem' } });
    expect(redisOptionsOf(parsed('--redis', 'a:1', '--redis-options', file))).toMatchObject({ username: 'u', password: 'p', tls: { ca: PEM } });
  });

  it('name a registry, or none', () => {
    expect(registryOptionsOf(parsed())).toBeUndefined();
    const file = fileWith({ compatibility: 'BACKWARD' });
    expect(registryOptionsOf(parsed('--registry', 'http://r', '--registry-options', file))).toEqual({ url: 'http://r', compatibility: 'BACKWARD' });
  });

  it('come from the environment, too', () => {
    vi.stubEnv('SKILLFORGE_KAFKA', 'k:1');
    vi.stubEnv('SKILLFORGE_REDIS_URL', 'redis://r');
    vi.stubEnv('SKILLFORGE_REGISTRY', 'http://s');
    expect(parsed()).toMatchObject({ kafka: 'k:1', redis: 'redis://r', registry: 'http://s' });
    expect(() => parsed('--until-end')).toThrow(/SKILLFORGE_KAFKA.*--until-end/);
  });

  it('are refused where something is missing or cannot be read', () => {
    const refused = (call: () => unknown, code: string, message: RegExp): void =>
      expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as string }));
    refused(() => kafkaOptionsOf(parsed()), 'SFS_KAFKA_OPTIONS', /--kafka/);
    refused(() => redisOptionsOf(parsed('--kafka', 'k:1')), 'SFS_REDIS_OPTION', /--redis/);
    refused(() => kafkaOptionsOf(parsed('--kafka', 'k:1', '--kafka-options', fileWith('[]'))), 'SFS_KAFKA_OPTIONS', /no object/);
    const missing = fileWith({ tls: { ca: 'none.pem' } });
    refused(() => redisOptionsOf(parsed('--redis', 'redis://r', '--redis-options', missing)), 'SFS_REDIS_OPTION', /none\.pem/);
  });
});
