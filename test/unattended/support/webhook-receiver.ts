import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What somebody was told. */
export interface Call {
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** Answers each call as it is told, the last answer for ever; `reset` breaks the connection, `silent` says nothing. */
export async function startReceiver(...answers: readonly (number | 'reset' | 'silent')[]) {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    calls.push({ body: Buffer.concat(chunks).toString(), headers: request.headers });
    const answer = answers[Math.min(calls.length, answers.length) - 1] ?? 200;
    if (answer === 'reset') request.socket.resetAndDestroy();
    else if (answer !== 'silent') response.writeHead(answer, { location: '/elsewhere' }).end('thank you');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/with-a-token`;
  return {
    url,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
