import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import type { PromMetrics } from './promMetrics.js';

/** Where metrics are served. */
export interface MetricsAddress {
  /** Address of this machine to listen on. */
  readonly host: string;
  /** 0 takes any port that is free. */
  readonly port: number;
}

/** A server of metrics. */
export interface MetricsServer {
  /** Where Prometheus finds them, such as `http://127.0.0.1:9464/metrics`. */
  readonly url: string;
  close(): Promise<void>;
}

const PATH = '/metrics';

/** Serves metrics at `/metrics`, to whoever can reach the address: they hold no id of a person. @throws SFS_METRICS_PORT where the port cannot be had */
export async function serveMetrics(metrics: PromMetrics, { host, port }: MetricsAddress): Promise<MetricsServer> {
  const server = createServer((request, response) => void answer(metrics, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const reason = `metrics cannot be served on ${host}, port ${port}: ${errorMessageOf(cause)}`;
      reject(new SkillForgeError('SFS_METRICS_PORT', reason, { cause, context: { host, port } }));
    });
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return { url: `http://${name}:${taken}${PATH}`, close: () => closed(server) };
}

function closed(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // A scraper keeps its connection: nobody waits for it.
    server.closeAllConnections();
  });
}

async function answer(metrics: PromMetrics, { method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  if ((url ?? '/').split('?', 1)[0] !== PATH) return end(response, 404, 'text/plain', `metrics are at ${PATH}\n`);
  if (method !== 'GET' && method !== 'HEAD') return end(response.setHeader('Allow', 'GET, HEAD'), 405, 'text/plain', 'only GET and HEAD\n');
  try {
    end(response, 200, metrics.contentType, await metrics.read());
  } catch (error) {
    end(response, 500, 'text/plain', `${errorMessageOf(error)}\n`);
  }
}

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'Content-Type': type }).end(body);
}
