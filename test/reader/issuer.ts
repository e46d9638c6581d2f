/** An OpenID Connect issuer on this machine: discovery, keys, tokens. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair, type JWK, type JWTPayload } from 'jose';
import { atEndOfFile } from '../fixtures/endOfFile.js';

export const AUDIENCE = 'reader';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

export class LocalIssuer {
  url = '';
  /** What the discovery document says of the issuer, where that is a lie. */
  saysIt: string | null = null;
  isAway = false;
  readonly asked: string[] = [];
  private readonly keys: JWK[] = [];
  private current!: { readonly id: string; readonly key: PrivateKey };

  static async start(): Promise<LocalIssuer> {
    const issuer = new LocalIssuer();
    await issuer.rotate();
    const server = createServer((request, response) => {
      issuer.asked.push(request.url ?? '');
      if (issuer.isAway) return void response.writeHead(500).end();
      const answer = request.url === '/keys' ? { keys: issuer.keys } : { issuer: issuer.saysIt ?? issuer.url, jwks_uri: `${issuer.url}/keys` };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    atEndOfFile(() => server.close().closeAllConnections());
    issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return issuer;
  }

  /** From now on signs with another key; the keys of before stay published. */
  async rotate(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const id = `key-${this.keys.length + 1}`;
    this.keys.push({ ...(await exportJWK(publicKey)), kid: id, alg: 'ES256', use: 'sig' });
    this.current = { id, key: privateKey };
  }

  /** @param claims - over the usual ones; `undefined` leaves one out */
  token(
    claims: Readonly<Record<string, unknown>> = {},
    sign: { readonly key?: PrivateKey | Uint8Array; readonly alg?: string } = {},
  ): Promise<string> {
    const nowS = Math.floor(Date.now() / 1000);
    const usual = { iss: this.url, aud: AUDIENCE, sub: 'app', exp: nowS + 300, iat: nowS, scope: 'openid recommendations:read' };
    const payload = JSON.parse(JSON.stringify({ ...usual, ...claims })) as JWTPayload;
    return new SignJWT(payload).setProtectedHeader({ alg: sign.alg ?? 'ES256', kid: this.current.id }).sign(sign.key ?? this.current.key);
  }
}
