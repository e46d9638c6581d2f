/** One command to a Redis, for its start: programs use a client. */
import { connect } from 'node:net';
import { HOST } from './freePorts.js';

/** What the Redis on this port answers, as it stands on the wire; `null` when it does not answer. Words must not need quotes. */
export function redisCommand(port: number, words: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(port, HOST, () => socket.write(`${words.join(' ')}\r\nQUIT\r\n`));
    socket.on('data', (bytes) => (reply += bytes.toString()));
    socket.on('error', () => resolve(null));
    socket.on('close', () => resolve(reply === '' ? null : reply));
  });
}
