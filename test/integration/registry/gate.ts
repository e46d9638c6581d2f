/** A way to a registry that can be shut, as a registry that is away. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gate {
  /** Base address of the registry, by this way. */
  readonly url: string;
  open(): Promise<void>;
  shut(): Promise<void>;
  close(): Promise<void>;
}

/** Passes requests on to the registry at `target`. */
export async function gateOf(target: string): Promise<Gate> {
  const { host, pathname } = new URL(target);
  let server: Server | null = null;
  let port = 0;
  const open = async (): Promise<void> => {
    const opened = (server = createServer((asked, answer) => {
      const headers = { ...asked.headers, host };
      const passed = request(`http://${host}${asked.url ?? ''}`, { method: asked.method, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(answer);
      });
      asked.pipe(passed);
    }));
    await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve));
    ({ port } = opened.address() as AddressInfo);
  };
  const shut = async (): Promise<void> => {
    const closing = server;
    server = null;
    if (closing === null) return;
    closing.closeAllConnections();
    await new Promise((resolve) => closing.close(resolve));
  };
  await open();
  return { url: `http://127.0.0.1:${port}${pathname}`, open, shut, close: shut };
}
