/** Errors of the driver that have a name of their own. */
const names: ReadonlySet<string> = new Set(['MaxRetriesPerRequestError', 'ClusterAllFailedError']);

/** Messages of the driver without one: of a client that is closed, does not connect, or gets no answer. */
const messages =
  /^(Connection is closed\.|Command timed out|connect ETIMEDOUT|Socket timeout|All sentinels are unreachable)/;

/** Whether the driver says that its server is gone or gives no answer. */
export function isConnectionLoss(thrown: unknown): boolean {
  return thrown instanceof Error && (names.has(thrown.name) || messages.test(thrown.message));
}
