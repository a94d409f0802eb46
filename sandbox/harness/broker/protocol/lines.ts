import type { Socket } from 'node:net';

/**
 * Calls back with each line of a connection, and once with `undefined` where a line is longer than `bytesMax`: what comes
 * after it is not looked at.
 */
export function readLines(socket: Socket, bytesMax: number, onLine: (line: string | undefined) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  let isOver = false;
  socket.on('data', (chunk: Buffer) => {
    if (!isOver) rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (!isOver) {
      const end = rest.indexOf(10);
      isOver = (end === -1 ? rest.length : end) > bytesMax;
      if (end === -1 || isOver) break;
      onLine(rest.toString('utf8', 0, end));
      rest = rest.subarray(end + 1);
    }
    if (!isOver || rest.length === 0) return;
    rest = Buffer.alloc(0);
    onLine(undefined);
  });
}
