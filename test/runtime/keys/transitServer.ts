/**
 * A server of this test that answers as the transit engine of Vault and OpenBao does: encrypt, decrypt and rotate, over HTTP, with a token. It is no Vault: it shows that the client
 * keeps to the contract of the API. That a real server answers so, in these words, is seen in test/integration/keys.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The server, and what it was asked. */
export interface TransitServer {
  readonly url: string;
  readonly asked: string[];
  /** What it does with requests. */
  mode: 'serving' | 'sealed' | 'leaderless' | 'hanging' | 'garbled';
  /** Requests for which it does not know the newest version yet: a standby whose leader has made it. */
  behind: number;
  readonly close: () => Promise<void>;
}

export const TOKEN = 's.test';

/** Starts one with a key of one version. */
export async function transitServer(name = 'skillforge'): Promise<TransitServer> {
  const keys = [randomBytes(32)];
  const server = createServer((request, response) => {
    void (async () => {
      const answer = (status: number, body: object): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      const body = JSON.parse((await textOf(request)) || '{}') as Record<string, string>;
      const path = request.url ?? '';
      own.asked.push(`${request.method} ${path}`);
      if (own.mode === 'hanging') return;
      if (own.mode === 'garbled') return void response.writeHead(200).end('<html>');
      if (own.mode === 'leaderless') return answer(500, { errors: ['local node not active but active cluster node not found'] });
      if (own.mode === 'sealed') return answer(503, { errors: ['Vault is sealed'] });
      if (request.headers['x-vault-token'] !== TOKEN) return answer(403, { errors: ['permission denied'] });
      serve(`${request.method} ${path}`, body, answer);
    })();
  });
  const serve = (asked: string, body: Record<string, string>, answer: (status: number, body: object) => void): void => {
    const known = own.behind > 0 ? keys.slice(0, -1) : keys;
    if (own.behind > 0) own.behind--;
    if (asked === `POST /v1/transit/encrypt/${name}`)
      return answer(200, { data: { ciphertext: encrypt(known, body['plaintext'] ?? ''), key_version: known.length } });
    if (asked === `POST /v1/transit/decrypt/${name}`) return decrypted(known, body['ciphertext'] ?? '', answer);
    if (asked !== `POST /v1/transit/keys/${name}/rotate`) return answer(404, { errors: [] });
    keys.push(randomBytes(32));
    answer(200, { data: { latest_version: keys.length } });
  };
  const { url, close } = await listening(server);
  const own: TransitServer = { url: `${url}/v1/transit/keys/${name}`, asked: [], mode: 'serving', behind: 0, close };
  return own;
}

async function listening(server: Server): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${port}`, close };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

function encrypt(keys: readonly Buffer[], plaintext: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', keys.at(-1)!, nonce);
  const bytes = Buffer.concat([nonce, cipher.update(Buffer.from(plaintext, 'base64')), cipher.final(), cipher.getAuthTag()]);
  return `vault:v${keys.length}:${bytes.toString('base64')}`;
}

function decrypted(keys: readonly Buffer[], text: string, answer: (status: number, body: object) => void): void {
  const refuse = (why: string): void => answer(400, { errors: [why] });
  const [, version, base64] = /^vault:v(\d+):(.+)$/.exec(text) ?? [];
  if (base64 === undefined) return refuse('invalid ciphertext: no prefix');
  const key = keys[Number(version) - 1];
  if (key === undefined) return refuse('invalid ciphertext: version is too new');
  try {
    const bytes = Buffer.from(base64, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    answer(200, { data: { plaintext: plain.toString('base64') } });
  } catch {
    refuse('cipher: message authentication failed');
  }
}
