import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server over HTTP that reads what it is sent and answers at once: the control of `http-load.ts`. */
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end('{}'));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
