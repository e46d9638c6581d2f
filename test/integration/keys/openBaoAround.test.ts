/** What stands around an OpenBao: its agent, which keeps a token in a file, and a certificate of an authority of one's own. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import { TransitKeyService } from '../../../runtime/keys/transitKeyService.js';
import { errorMessageOf } from '../../../schemas/index.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { programOf } from '../../../scripts/ml/python.js';
import { HOST, withFreePorts } from '../../../scripts/services/freePorts.js';
import { startServer, type Server, type ServerCommand } from '../../../scripts/services/serverProcess.js';
import { Watchdog } from '../../../scripts/services/watchdog.js';
import { newFolder } from '../../fixtures/folders.js';
import { skipUnlessLong } from '../../fixtures/longForms.js';
import { skipWithoutPython } from '../../fixtures/pythonPackages.js';
import { ownServices } from '../servers.js';
import { BaoKey, KEY } from './bao.js';
import { SLOW_MS } from './ownOpenBao.js';

const SECRET = Buffer.from('a key of 32 bytes, or nearly so.');
const run = promisify(execFile);

/** Another process of the program of OpenBao, until the test ends. */
async function started(
  context: TestContext,
  { args, isReady, port = 0 }: Pick<ServerCommand, 'args' | 'isReady'> & { port?: number },
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'skillforge-bao-'));
  const watchdog = new Watchdog(folder);
  context.onTestFinished(() => watchdog.close());
  const host = { folder, watchdog, report: () => undefined, onCrash: () => undefined };
  // Its own surroundings: it shall find no token of who runs the tests.
  const env = { ...process.env, HOME: folder };
  return startServer(host, { name: 'bao', port, program: programOf('openbao', 'bao'), args, folder, env, isReady });
}

/** Lets an agent in that has the rights of the how-to, for a few seconds at a time. @returns the configuration of its method */
async function agentRole(key: BaoKey, folder: string): Promise<string> {
  await key.asked('POST', 'sys/auth/approle', { type: 'approle' });
  await key.asked('POST', 'auth/approle/role/streams', { token_policies: [`${key.name}-use`], token_ttl: '2s', token_max_ttl: '4s' });
  const { role_id: role } = await key.asked<{ role_id: string }>('GET', 'auth/approle/role/streams/role-id');
  const { secret_id: secret } = await key.asked<{ secret_id: string }>('POST', 'auth/approle/role/streams/secret-id', {});
  writeFileSync(join(folder, 'role'), role);
  writeFileSync(join(folder, 'secret'), secret);
  return `role_id_file_path = "${join(folder, 'role')}"
      secret_id_file_path = "${join(folder, 'secret')}"
      remove_secret_id_file_after_reading = false`;
}

describe('around an OpenBao', { timeout: SLOW_MS }, () => {
  it("its agent keeps a token in a file, which has to be nobody else's", async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    const folder = newFolder();
    const bao = (await ownServices({ openBao: 1 }, context)).openBao!;
    const key = await BaoKey.make(bao, 'with-agent');
    const [own, open] = [join(folder, 'own'), join(folder, 'open')];
    const config = join(folder, 'agent.hcl');
    const sink = (path: string, more: string): string => `sink { type = "file"\n config = { path = "${path}"\n ${more} } }`;
    writeFileSync(
      config,
      `vault { address = "${bao.url}" }
auto_auth {
  method { type = "approle"
    config = {
      ${await agentRole(key, folder)}
    } }
  ${sink(own, 'mode = 0600')}
  ${sink(open, '')}
}
`,
    );
    await started(context, { args: ['agent', `-config=${config}`], isReady: () => existsSync(own) && existsSync(open) });
    expect([own, open].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o640]);
    await expect(new TransitKeyService({ url: key.url, token: { file: open } }).wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
    const service = new TransitKeyService({ url: key.url, token: { file: own } });
    const wrapped = await service.wrap(SECRET);
    const tokens = new Set<string>();
    for (const untilMs = performance.now() + 12_000; performance.now() < untilMs; await sleep(100)) {
      tokens.add(readFileSync(own, 'utf8'));
    }
    expect(tokens.size).toBeGreaterThan(2);
    await expect.poll(() => service.unwrap(wrapped).catch(errorMessageOf)).toEqual(SECRET);
  });

  it('a certificate of an unknown authority is told of, and one that Node is told of is taken', async (context) => {
    skipUnlessLong(context, 'OPERATIONS');
    skipWithoutPython(context, 'openbao');
    const folder = newFolder();
    const authority = join(folder, 'vault-ca.pem');
    const root = 'root-of-this-test';
    const server = await withFreePorts(1, ([port]) =>
      started(context, {
        port: port!,
        args: [
          'server',
          '-dev',
          '-dev-tls',
          `-dev-tls-cert-dir=${folder}`,
          '-dev-no-store-token',
          `-dev-root-token-id=${root}`,
          `-dev-listen-address=${HOST}:${port}`,
        ],
        isReady: (log) => log.includes('Development mode should NOT be used'),
      }),
    );
    const url = `https://${server.address}/v1/transit/keys/${KEY}`;
    const env = { ...process.env, BAO_ADDR: `https://${server.address}`, BAO_CACERT: authority, BAO_TOKEN: root, HOME: folder };
    for (const args of [
      ['secrets', 'enable', 'transit'],
      ['write', '-f', `transit/keys/${KEY}`],
    ])
      await run(programOf('openbao', 'bao'), args, { env });
    await expect(new TransitKeyService({ url, token: { text: root } }).wrap(SECRET)).rejects.toMatchObject({
      code: 'SFS_KEYS_UNAVAILABLE',
      message: expect.stringContaining('certificate') as string,
    });
    const init = ['privacy', 'keys', 'init', '--kek', url, '--data', join(folder, 'data'), '--json'];
    const { stdout } = await run(process.execPath, ['--import', 'tsx', join('scripts', 'skillforge.ts'), ...init], {
      cwd: projectRoot,
      env: { ...process.env, NODE_EXTRA_CA_CERTS: authority, SKILLFORGE_KEYS_TOKEN: root },
    });
    expect(JSON.parse(stdout)).toMatchObject({ service: { url } });
  });
});
