/** Messages of the driver without a code: of its client, its pool, and of a query beyond `query_timeout`. */
const messages =
  /^(Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$)/;

/**
 * Whether the driver says that its server is gone. The classes 08 and 57P are those of connections, and of a server that
 * stops, starts or crashed (PostgreSQL documentation, "PostgreSQL Error Codes"); 57P04 is a database that was dropped.
 */
export function isConnectionLoss(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const code = 'code' in thrown ? String(thrown.code) : '';
  return /^(08...|57P0[123])$/.test(code) || messages.test(thrown.message);
}
