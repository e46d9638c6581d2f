/** Gateway and reader over HTTPS: by a certificate of this test, made by openssl, and by what replaces it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createReader, type Reader } from '../../reader/index.js';
import { skillforgeProgram } from '../../scripts/commands/program.js';
import { newFolder } from '../fixtures/folders.js';
import { Door, NOW_MS } from '../gateway/gateways.js';
import { REGION, Shelves } from '../reader/shelves.js';
import { newServer, type CertificateFiles } from '../../http/tlsServer.js';

/** A certificate of this machine under a name. */
function certificateOf(name: string, folder = newFolder()): CertificateFiles {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...subject],
    {
      stdio: 'ignore',
    },
  );
  return { cert, key };
}

interface Told {
  readonly status: number | undefined;
  readonly body: string;
}

function ask(url: string, ca: string, body?: object): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ca: readFileSync(ca), method: body === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/json' } });
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.once('end', () => resolve({ status: response.statusCode, body: text }));
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Whose certificate a server shows to who connects now, and the connection. */
async function connected(url: string): Promise<{ readonly name: string; readonly socket: TLSSocket }> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
  return { name: String(socket.getPeerCertificate().subject.CN), socket };
}

async function shownName(url: string): Promise<string> {
  const { name, socket } = await connected(url);
  socket.destroy();
  return name;
}

async function readerWith(tls: CertificateFiles): Promise<Reader> {
  const shelves = new Shelves();
  await shelves.recommend('ada', { 'AAA-2014J': { next: ['n1'], new: [] } });
  const reader = await createReader({ log: shelves.log, region: REGION, tls });
  await reader.client.caughtUp();
  return reader;
}

describe('a reader with a certificate', () => {
  it('answers over HTTPS to who trusts it, and to nobody over HTTP', async () => {
    const tls = certificateOf('reader');
    const reader = await readerWith(tls);
    try {
      const url = await reader.listen({ port: 0 });
      expect(url).toMatch(/^https:\/\//);
      const { status, body } = await ask(`${url}/v1/learners/ada/recommendations`, tls.cert);
      expect([status, (JSON.parse(body) as { readonly learner: string }).learner]).toEqual([200, 'ada']);
      await expect(ask(url, certificateOf('other').cert)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
      await expect(fetch(`http${url.slice('https'.length)}/healthz`)).rejects.toThrow();
    } finally {
      await reader.close();
    }
  });

  it('closes at once where a connection is open that has asked for nothing', async () => {
    const reader = await readerWith(certificateOf('reader'));
    const { socket } = await connected(await reader.listen({ port: 0 }));
    const ended = new Promise((resolve) => socket.resume().once('close', resolve));
    const beganMs = performance.now();
    await reader.close();
    await ended;
    expect(performance.now() - beganMs).toBeLessThan(10_000);
  });
});

describe('a gateway with a certificate', () => {
  it('takes events over HTTPS', async () => {
    const tls = certificateOf('gateway');
    const door = await Door.open({ tls });
    try {
      const url = await door.gateway.listen({ port: 0 });
      const event = { topic: 'clicks', eventId: 'c-1', learner: 'ada', course: 'CCC', occurredAtMs: NOW_MS, personal: { action: 'OPEN', item: 'i' } };
      const { status, body } = await ask(`${url}/v1/events`, tls.cert, event);
      expect([url.startsWith('https://'), status, body]).toEqual([true, 200, '{"written":1,"repeated":0}']);
      expect(door.records('clicks')).toHaveLength(1);
    } finally {
      await door.close();
    }
  });
});

describe('a certificate', () => {
  it('that was renewed is shown to who connects next; one that cannot be used changes nothing, and is told', async () => {
    const [files, renewed] = [certificateOf('old'), certificateOf('new')];
    const troubles: object[] = [];
    const app = newServer({}, (_, fields) => troubles.push(fields), { ...files, everyMs: 20 });
    app.get('/', () => 'here');
    try {
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      expect(await shownName(url)).toBe('old');
      copyFileSync(renewed.cert, files.cert);
      await expect.poll(() => troubles.length).toBeGreaterThan(0);
      expect(troubles[0]).toMatchObject({ code: 'SFS_TLS_INVALID' });
      expect(await shownName(url)).toBe('old');
      copyFileSync(renewed.key, files.key);
      await expect.poll(() => shownName(url)).toBe('new');
      expect((await ask(url, renewed.cert)).body).toBe('here');
    } finally {
      await app.close();
    }
  });

  it.each([
    ['is not there', (files: CertificateFiles) => ({ ...files, cert: `${files.cert}.none` })],
    ['has the key of another', (files: CertificateFiles) => ({ ...files, key: certificateOf('other').key })],
    ['is none', (files: CertificateFiles) => (writeFileSync(files.cert, 'no certificate'), files)],
  ])('that %s is refused before a server listens', (_, spoilt) => {
    expect(() => newServer({}, () => undefined, spoilt(certificateOf('spoilt')))).toThrow(
      expect.objectContaining({ code: 'SFS_TLS_INVALID' }) as Error,
    );
  });

  it.each(['reader', 'gateway'])('is given to %s with its key, or not at all', async (command) => {
    const words = [command, '--data', newFolder(), '--tls-cert', 'certificate.pem'];
    const program = await skillforgeProgram(words);
    await expect(program.parseAsync(words, { from: 'user' })).rejects.toMatchObject({ code: 'SFS_USAGE' });
  });

  it('cannot be talked to in an old version', async () => {
    const app = newServer({}, () => undefined, certificateOf('strict'));
    try {
      const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
      const socket = connect({ port: Number(url.port), host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
      const ended = new Promise((resolve) =>
        socket.once('error', (error) => resolve((error as NodeJS.ErrnoException).code)).once('secureConnect', () => resolve('in')),
      );
      expect(await ended).not.toBe('in');
    } finally {
      await app.close();
    }
  });
});
