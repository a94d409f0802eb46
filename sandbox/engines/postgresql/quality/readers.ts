import pLimit, { type LimitFunction } from 'p-limit';
import { type Client, DatabaseError } from 'pg';
import { deadlineMs } from '../../../core/deadlines.ts';
import { isExternal, type ReachableEngine, type RunningEngine } from '../../contract/topology.ts';
import { type OpenClient, openClient, openPrimary } from '../server/connection.ts';

/** Connections to the databases of a server that read and cannot write. */
export interface Readers extends AsyncDisposable {
  /** Runs `work` with a connection that nobody else has meanwhile. */
  readonly use: <Value>(
    database: string,
    work: (client: Client) => Promise<Value>,
    options?: {
      /** One after the other, on one connection: a further one takes longer than what the catalogue is asked. Default: side by side. */
      readonly inTurn?: boolean;
    },
  ) => Promise<Value>;
}

/** Connections of each database at most: as many as there are scans at once. */
const connectionsMax = 2;

interface OfDatabase {
  readonly limit: LimitFunction;
  readonly turns: LimitFunction;
  readonly free: OpenClient[];
}

/** Each is opened when it is first asked for. */
export function createReaders(running: ReachableEngine): Readers {
  const databases = new Map<string, OfDatabase>();
  const all = new Set<OpenClient>();
  return {
    use: (database, work, { inTurn = false } = {}) => {
      const known = databases.get(database) ?? { limit: pLimit(connectionsMax), turns: pLimit(1), free: [] };
      databases.set(database, known);
      const onConnection = async () => {
        const reader = known.free.pop() ?? (await openReader(running, database));
        all.add(reader);
        try {
          const value = await work(reader.client);
          known.free.push(reader);
          return value;
        } catch (thrown) {
          if (isAnswered(thrown)) known.free.push(reader);
          // Closed now, and not with the session: else each check that fails would hold one more of the server's connections.
          else
            reader[Symbol.asyncDispose]().then(
              () => all.delete(reader),
              () => {},
            );
          throw thrown;
        }
      };
      return inTurn ? known.turns(() => known.limit(onConnection)) : known.limit(onConnection);
    },
    [Symbol.asyncDispose]: async () => {
      // Those too whose work nobody waits for any more.
      await Promise.allSettled([...all].map((reader) => reader[Symbol.asyncDispose]()));
    },
  };
}

/**
 * Whether a server has refused a statement and takes the next one. One that is shutting down, or has ended the connection
 * (PostgreSQL documentation, "PostgreSQL Error Codes": 57P01 and those beside it, 25P03, 25P04), does not, and what has not
 * answered is still at work: the next one is asked by a new connection.
 */
function isAnswered(thrown: unknown): boolean {
  return thrown instanceof DatabaseError && !/^(57P|25P0[34])/.test(thrown.code ?? '');
}

/** As `pg_read_all_data`, which may read every table and nothing else (PostgreSQL documentation, "Predefined Roles"). */
async function openReader(running: ReachableEngine, database: string): Promise<OpenClient> {
  const opened = isExternal(running)
    ? await openPrimary(running, { database })
    : await openClient(
        running.nodes[0] as RunningEngine['nodes'][number],
        running.secrets,
        { database },
        { connectionTimeoutMs: deadlineMs('serverSelection') },
      );
  try {
    const role = isExternal(running) ? '' : '; SET ROLE pg_read_all_data';
    // Rows that a policy hides would be in order: a statement that it would shorten is refused (PostgreSQL documentation,
    // "Row Security Policies").
    const whole = 'SET row_security = off';
    await opened.client.query(`SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; ${whole}${role}`);
    return opened;
  } catch (thrown) {
    await opened[Symbol.asyncDispose]();
    throw thrown;
  }
}
