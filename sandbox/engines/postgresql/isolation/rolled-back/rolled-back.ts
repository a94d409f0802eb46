import { Client, Pool, TypeOverrides } from 'pg';
import { SandboxError } from '../../../../core/errors.ts';
import { within } from '../../../../core/within.ts';
import type { Place, RolledBack, RolledBackSession } from '../../../contract/isolation.ts';
import { query } from '../../backup/catalogue/described-databases.ts';
import { identifier } from '../../server/statements.ts';
import { committed, sessionEnded, stillRuns } from './errors.ts';
import { leaks } from './leaks.ts';
import { sessionClient } from './session-client.ts';
import { createTurns, type OwnStatements, type Turns, takeBackAll } from './turns.ts';

/** One session in a transaction for each test. A test of it holds every one of the limits. */
export const rolledBack: RolledBack<Pool> = {
  mode: 'rolled-back',
  place:
    'one session of the process itself, in a transaction that is rolled back; what the work commits is a savepoint',
  limits: [
    "now() is the time of the test's first statement, throughout",
    "deferred constraints are checked by the work's own COMMIT, and not by a statement without a transaction",
    'what ends with a transaction ends with the test: SET LOCAL, and temporary tables ON COMMIT DROP',
    'NOTIFY reaches nobody, and no replication sees what was done: both begin with a commit',
    'all clients are one session: each sees what another has not committed, a rollback takes back what others have done meanwhile, and two transactions at once are refused',
    'BEGIN with an isolation level or READ ONLY begins an ordinary transaction',
    'after an error of a stream or a cursor outside of a transaction every statement fails',
    'VACUUM, CREATE INDEX CONCURRENTLY and CREATE DATABASE are refused',
    'another process sees nothing of it: it has no address, and no databases beside the first',
  ],
  leaks,
  open,
};

/** How long a statement that still runs when its test is over may take, in milliseconds. */
const lastStatementMs = 2_000;

/** How long taking its work back may take, in milliseconds, on a busy machine too. What takes longer waits behind a cursor. */
const takeBackMs = 10_000;

/** What one test has. */
interface Test {
  readonly pool: Pool;
  readonly turns: Turns;
}

async function open({ uri }: Place): Promise<RolledBackSession<Pool>> {
  const session = new Client({ connectionString: uri });
  let isOpen = true;
  const listen = () => {
    session.on('error', () => {
      isOpen = false;
    });
    session.on('end', () => {
      isOpen = false;
    });
  };
  listen();
  // Each client of a pool listens.
  session.setMaxListeners(0);
  await session.connect();
  const { rows } = await session.query<{ role: string }>('SELECT current_user AS role');
  const own: OwnStatements = {
    prologue: `SET ROLE ${identifier(rows[0]?.role ?? '')}`,
    checkConstraints: await query('check-constraints.sql'),
  };
  let test = newTest(session, own);
  return {
    get client() {
      return test.pool;
    },
    isOpen: () => isOpen,
    async takeBack() {
      try {
        await endTest(session, test);
      } catch (thrown) {
        // The server has rolled back what a session leaves that ends by itself.
        throw isOpen || thrown instanceof SandboxError ? thrown : sessionEnded();
      }
      forgetTest(session as unknown as DriverState);
      // What the test and its pool have listened with.
      session.removeAllListeners();
      listen();
      test = newTest(session, own);
    },
    [Symbol.asyncDispose]: () => session.end(),
  };
}

function newTest(session: Client, own: OwnStatements): Test {
  const turns = createTurns(session, own);
  // The pool makes its clients with `new`: what that returns is the client.
  function SessionClient(): Client {
    return sessionClient(session, turns);
  }
  const pool = new Pool({ Client: SessionClient as unknown as new () => Client, idleTimeoutMillis: 0 });
  pool.on('error', () => {});
  return { pool, turns };
}

/** What is of the session rather than of the transaction goes too: locks, prepared statements, settings, temporary tables. */
async function endTest(session: Client, { turns }: Test): Promise<void> {
  await inTime(turns.end(), session, lastStatementMs);
  if (!turns.hasBegun()) return;
  // A cursor that was left open lets nothing else through.
  const isWhole = await inTime(takeBack(session), session, takeBackMs);
  if (turns.isSpoiled() || !isWhole) throw committed();
}

/** What the driver keeps of a session beside the server (pg, `Connection.parsedStatements` and `Client._types`). */
interface DriverState {
  readonly connection: { parsedStatements: object };
  _types: TypeOverrides;
}

/** Prepared statements, which it knows by name, and how the test had values read. */
function forgetTest(session: DriverState): void {
  session.connection.parsedStatements = {};
  session._types = new TypeOverrides();
}

/** Whether the transaction was still the one around the test. */
async function takeBack(session: Client): Promise<boolean> {
  const isWhole = await session.query(takeBackAll).then(
    () => true,
    () => false,
  );
  if (!isWhole) await session.query('ROLLBACK');
  await session.query('DISCARD ALL');
  return isWhole;
}

function inTime<Value>(work: Promise<Value>, session: Client, timeoutMs: number): Promise<Value> {
  return within(work, {
    timeoutMs,
    onTimeout: () => {
      // The server rolls back what a session has left that is gone.
      (session as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
      return stillRuns();
    },
  });
}
