/** What the system, and Node.js' HTTP client, call a connection that is refused, broken or silent (Node.js documentation, "Errors"). */
const codes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Whether this error itself says that a connection could not be made, was lost, or brought no answer in time. */
export function isConnectionError(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  // Of `AbortSignal.timeout`, whose code is a number.
  return thrown.name === 'TimeoutError' || ('code' in thrown && codes.has(thrown.code));
}

/** What was thrown, what caused it, and so on; of several errors at once all of them. Each is there once. */
export function causesOf(thrown: unknown, seen = new Set<unknown>()): ReadonlySet<unknown> {
  if (seen.has(thrown)) return seen;
  seen.add(thrown);
  if (thrown instanceof AggregateError) for (const each of thrown.errors) causesOf(each, seen);
  if (thrown instanceof Error && thrown.cause !== undefined) causesOf(thrown.cause, seen);
  return seen;
}
