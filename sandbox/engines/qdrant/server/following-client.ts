import { QdrantClient } from '@qdrant/js-client-rest';
import { SandboxError } from '../../../core/errors.ts';

/** How long a peer is waited for, and which one is asked first. */
export interface FollowingOptions {
  /** Milliseconds after which a peer that gives no answer is given up. Default: 60,000. */
  readonly timeoutMs?: number;
  /** Position in `urls` of the peer that is asked first, from 0. Default: 0. */
  readonly first?: number;
}

/**
 * A client of a cluster: every peer answers for all of it. One that gives no answer, or answers that it cannot, is left
 * for the next one with the next request. A request is sent again only where its peer refused the connection: what was
 * sent may have been done, and is an error for whoever asked.
 * `urls` as `QDRANT_URLS` has them, separated by commas. Methods throw what the driver's own throw.
 * Throws `BAD_OPTION` where one of them is no address, and for an option that will not do.
 *
 *     const { QDRANT_URLS = '', QDRANT_API_KEY = '' } = process.env;
 *     const qdrant = createFollowingClient(QDRANT_URLS, QDRANT_API_KEY, { timeoutMs: 2_000 });
 *     await qdrant.getCollections();
 */
export function createFollowingClient(urls: string, apiKey: string, options: FollowingOptions = {}): QdrantClient {
  const { timeoutMs = 60_000, first = 0 } = options;
  const clients = addressesOf(urls).map((url) => openClientAt(url, apiKey, timeoutMs));
  const [some] = clients;
  if (some === undefined) throw bad('there is no address of a peer');
  if (!(Number.isFinite(timeoutMs) && timeoutMs > 0)) throw bad(`timeoutMs is ${timeoutMs}, and has to be above 0`);
  if (!(Number.isSafeInteger(first) && first >= 0)) throw bad(`first is ${first}, and has to be a position from 0 on`);
  let position = first % clients.length;

  /** Asks the peer at hand, and the next ones as long as connections are refused. */
  const ask = (name: PropertyKey, parameters: readonly unknown[], triesLeft: number): unknown => {
    const asked = position;
    const client = clients[asked] ?? some;
    const answer = Reflect.apply(Reflect.get(client, name) as () => unknown, client, parameters);
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((thrown: unknown) => {
      if (isRefusal(thrown)) throw thrown;
      // Others may have moved on meanwhile.
      if (position === asked) position = (asked + 1) % clients.length;
      if (triesLeft > 0 && wasNotSent(thrown)) return ask(name, parameters, triesLeft - 1);
      throw thrown;
    });
  };
  return new Proxy(some, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) => ask(name, parameters, clients.length - 1);
    },
  });
}

function addressesOf(urls: string): readonly string[] {
  const addresses = typeof urls === 'string' ? urls.split(',') : [];
  for (const address of addresses) {
    if (!(URL.canParse(address) && /^https?:/.test(address))) throw bad('one of the addresses is none of HTTP');
  }
  return addresses;
}

function bad(problem: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    engine: 'qdrant',
    message: `A client of Qdrant: ${problem}.`,
    next: 'Take the addresses from QDRANT_URLS of `npm run sandbox -- env`.',
  });
}

/**
 * A client of one peer; it speaks HTTP and holds nothing open that would have to be closed.
 * A request is given up after `timeoutMs`, in milliseconds.
 *
 *     const qdrant = openClientAt('http://127.0.0.1:6333', apiKey, 2_000);
 */
export function openClientAt(url: string, apiKey: string, timeoutMs: number): QdrantClient {
  return new QdrantClient({
    url,
    // As a header: the option of its own prints a warning about plain HTTP, which never leaves this machine here.
    headers: { 'api-key': apiKey },
    // One request more for each client, and a warning on the console where the server is down.
    checkCompatibility: false,
    timeout: timeoutMs,
  });
}

/**
 * Whether a peer itself has answered that a request is wrong, with a status from 400 to 499: every other peer would say
 * the same.
 *
 *     if (!isRefusal(thrown)) await tryAnotherPeer();
 */
export function isRefusal(thrown: unknown): boolean {
  const { status } = thrown as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500;
}

/**
 * Whether the connection itself was refused: the peer has heard nothing, so that a request may be sent again.
 *
 *     if (wasNotSent(thrown)) await sendAgain();
 */
export function wasNotSent(thrown: unknown): boolean {
  const { cause } = thrown as { cause?: unknown };
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ECONNREFUSED';
}
