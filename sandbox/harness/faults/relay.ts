import type { Socket } from 'node:net';

/** How bytes are carried one way. */
export interface RelayTerms {
  /** Nothing is carried until this is another one. */
  readonly isHeld: boolean;
  readonly latencyMs: number;
  /** Bytes after which the connection is cut, from when these terms begin. `Infinity`: never. */
  readonly cutAfterBytes: number;
}

/** One way of a connection. */
export interface Relay {
  /** The present terms, also for what has arrived and was not carried yet. */
  readonly change: (terms: RelayTerms) => void;
}

/** What one side has sent, and how it ended. */
type Piece = { readonly arrivedMs: number } & (
  | { readonly bytes: Buffer }
  | { readonly end: 'in order' | 'with an error' }
);

/**
 * As much is taken ahead of what is carried: what does not fit waits at its sender, and is late once more. Answers of tests
 * are smaller, and memory stays bounded.
 */
const aheadBytesMax = 64 * 1024 * 1024;

/** Carries what `from` sends to `to`, in order and whole, and its end too. Both are to allow half-open connections. */
export function relay(from: Socket, to: Socket, initially: RelayTerms): Relay {
  const ahead: Piece[] = [];
  let terms = initially;
  let aheadBytes = 0;
  let carriedBytes = 0;
  let isFull = false;
  let timer: NodeJS.Timeout | undefined;

  const arrived = (piece: { readonly bytes: Buffer } | { readonly end: 'in order' | 'with an error' }) => {
    ahead.push({ ...piece, arrivedMs: performance.now() });
    if ('bytes' in piece) aheadBytes += piece.bytes.length;
    carry();
  };
  from.on('data', (bytes: Buffer) => arrived({ bytes }));
  from.once('end', () => arrived({ end: 'in order' }));
  from.once('error', () => arrived({ end: 'with an error' }));
  to.on('drain', () => {
    isFull = false;
    carry();
  });
  to.once('close', () => clearTimeout(timer));
  carry();
  return {
    change(next) {
      terms = next;
      carriedBytes = 0;
      carry();
    },
  };

  function carry(): void {
    clearTimeout(timer);
    while (!terms.isHeld && !isFull && isWanted()) {
      const [first] = ahead;
      if (first === undefined) break;
      // Timers of Node.js may be early by a part of a millisecond: whether it is time is asked of the clock.
      const leftMs = first.arrivedMs + terms.latencyMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(carry, Math.ceil(leftMs)).unref();
        break;
      }
      ahead.shift();
      pass(first);
    }
    // Whoever still sends to nobody is to see the end rather than to wait.
    if (!isWanted()) {
      ahead.length = 0;
      from.resume();
    } else if (terms.isHeld || isFull || aheadBytes > aheadBytesMax) from.pause();
    else from.resume();
  }

  function pass(piece: Piece): void {
    if ('end' in piece) {
      if (piece.end === 'in order') to.end();
      else to.resetAndDestroy();
      return;
    }
    const { bytes } = piece;
    aheadBytes -= bytes.length;
    const room = terms.cutAfterBytes - carriedBytes;
    carriedBytes += bytes.length;
    if (bytes.length <= room) {
      isFull = !to.write(bytes);
      return;
    }
    to.end(bytes.subarray(0, room));
    from.destroy();
  }

  function isWanted(): boolean {
    return !to.writableEnded && !to.destroyed;
  }
}
