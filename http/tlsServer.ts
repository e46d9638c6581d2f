/** The server of a gateway or a reader, with TLS where there is a certificate. */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import fastify, { type FastifyHttpOptions, type FastifyHttpsOptions, type FastifyInstance } from 'fastify';
import { SkillForgeError, errorCodeOf, errorMessageOf } from '../schemas/index.js';

/** Files in PEM form. */
export interface CertificateFiles {
  /** The certificate, and those of the authorities between it and the root, in this order. */
  readonly cert: string;
  /** Its private key, which is not encrypted. */
  readonly key: string;
}

/** TLS of a server. */
export interface ServerTls extends CertificateFiles {
  /** Between two looks whether the certificate was renewed, ms (60,000). */
  readonly everyMs?: number;
}

/** Writes a line of the log of a server that something is wrong. */
export type TellTrouble = (text: string, fields: { readonly code: string; readonly why: string }) => void;

/** What a server is made with, whatever it speaks. */
export type ServerOptions = FastifyHttpOptions<Server>;

/** RFC 8996 leaves no older one. */
const MIN_VERSION = 'TLSv1.2';
const EVERY_MS = 60_000;

/**
 * Makes a server. With TLS its files are looked at again each minute, as certificates are renewed while servers run; connections that are open
 * keep the one that they began with.
 *
 * @param tell - hears of a renewed certificate that cannot be used: the one before it stays
 * @throws SFS_TLS_INVALID where a file cannot be read, is no certificate or key, or the two do not belong together
 */
export function newServer(options: ServerOptions, tell: TellTrouble, tls?: ServerTls): FastifyInstance {
  if (tls === undefined) return fastify(options);
  let current = certificateIn(tls);
  const https = { ...options.http, ...current, minVersion: MIN_VERSION } as const;
  // The types tell handlers of the one kind of server from those of the other; ours look at neither.
  const app = fastify({ ...options, https } as unknown as FastifyHttpsOptions<TlsServer>);
  const look = (): void => {
    try {
      const found = certificateIn(tls);
      if (found.cert.equals(current.cert) && found.key.equals(current.key)) return;
      current = found;
      app.server.setSecureContext({ ...found, minVersion: MIN_VERSION });
    } catch (error) {
      tell('a renewed certificate cannot be used: the one before it stays', { code: errorCodeOf(error), why: errorMessageOf(error) });
    }
  };
  const looking = setInterval(look, tls.everyMs ?? EVERY_MS).unref();
  app.addHook('onClose', (_, done) => {
    clearInterval(looking);
    done();
  });
  return app;
}

function certificateIn({ cert, key }: CertificateFiles): { readonly cert: Buffer; readonly key: Buffer } {
  try {
    const found = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(found);
    return found;
  } catch (cause) {
    const message = `the certificate ${cert} with the key ${key} cannot be used: ${errorMessageOf(cause)}`;
    throw new SkillForgeError('SFS_TLS_INVALID', message, { cause, context: { cert, key } });
  }
}
