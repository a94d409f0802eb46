import { error, Neo4jError } from 'neo4j-driver';

const codes: ReadonlySet<string> = new Set([error.SERVICE_UNAVAILABLE, error.SESSION_EXPIRED]);

/** Whether the driver says that its server is gone, or cannot be reached. Its pool has no code for that. */
export function isConnectionLoss(thrown: unknown): boolean {
  if (!(thrown instanceof Neo4jError)) return false;
  return codes.has(thrown.code) || thrown.message.startsWith('Connection acquisition timed out');
}
