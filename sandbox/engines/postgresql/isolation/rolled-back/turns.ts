import type { Client, QueryResult } from 'pg';
import { committed, endsTheTransaction, inAnotherTransaction, testIsOver } from './errors.ts';
import { statementKind } from './statement-kind.ts';

/** Work that a test's client has begun, and that which it does in no transaction of its own. */
const [ofTest, ofStatement] = ['taishang_transaction', 'taishang_statement'];

/** Marks the transaction around the test: one that the work has begun after a commit of its own lacks it. */
const aroundTest = 'taishang_test';

/** Takes back all that the test did. Fails where the transaction is another one, or there is none. */
export const takeBackAll = `ROLLBACK TO SAVEPOINT ${aroundTest}; ROLLBACK`;

/** There is no savepoint of this name (documentation, "PostgreSQL Error Codes"). */
const noSuchSavepoint = '3B001';

const rollBack = `ROLLBACK TO SAVEPOINT ${ofTest}; RELEASE SAVEPOINT ${ofTest}`;

/**
 * The statements of one test's clients, one after the other in the session's transaction. Those that begin and end a
 * transaction become savepoints; one outside of any is taken back alone where it fails, as it is without a transaction.
 */
export interface Turns {
  /** `client` is whose statement it is: each may have a transaction. `run` sends it. */
  readonly take: (client: object, text: string, run: () => Promise<QueryResult>) => Promise<QueryResult>;
  /** Ends what a client has begun: it is gone. */
  readonly leave: (client: object) => Promise<void>;
  /** Begins the transaction of the session, unless that is done: the test's first statement does. */
  readonly begin: () => Promise<unknown>;
  readonly hasBegun: () => boolean;
  /** Takes no more, and waits for the statement that runs. */
  readonly end: () => Promise<void>;
  /** Whether the transaction of the session was ended by the test. */
  readonly isSpoiled: () => boolean;
  readonly isOver: () => boolean;
}

/** Statements that are sent of their own accord. */
export interface OwnStatements {
  /** Makes the session as it is to be for the test. */
  readonly prologue: string;
  /** Checks deferred constraints as a commit does it, and defers them again. */
  readonly checkConstraints: string;
}

export function createTurns(session: Client, { prologue, checkConstraints }: OwnStatements): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let beginning: Promise<unknown> | undefined;
  let owner: object | undefined;
  let [isOver, isSpoiled] = [false, false];
  return {
    async take(client, text, run) {
      return inTurn(async () => {
        await beginAround();
        return answer(client, text, run);
      });
    },
    leave: (client) => inTurn(() => rollBackOf(client)).catch(() => {}),
    begin: beginAround,
    hasBegun: () => beginning !== undefined,
    async end() {
      isOver = true;
      await last;
    },
    isSpoiled: () => isSpoiled,
    isOver: () => isOver,
  };

  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = last.then(() => {
      if (isOver) throw testIsOver();
      if (isSpoiled) throw committed();
      return work();
    });
    last = turn.catch(() => {});
    return turn;
  }

  function beginAround(): Promise<unknown> {
    beginning ??= session.query(`${prologue}; BEGIN; SAVEPOINT ${aroundTest}`);
    return beginning;
  }

  /** What is sent of its own accord. A savepoint that is gone went with the transaction around the test. */
  async function send(text: string): Promise<void> {
    try {
      await session.query(text);
    } catch (thrown) {
      if ((thrown as { readonly code?: unknown }).code !== noSuchSavepoint) throw thrown;
      isSpoiled = true;
      throw committed();
    }
  }

  async function answer(client: object, text: string, run: () => Promise<QueryResult>): Promise<QueryResult> {
    switch (statementKind(text)) {
      case 'begin':
        return begin(client);
      case 'commit':
        return commitOf(client);
      case 'rollback':
        await rollBackOf(client);
        return answered('ROLLBACK');
      case 'refused':
        throw endsTheTransaction(text);
      case 'other':
        return owner === client ? watched(run) : alone(run);
    }
  }

  /** In a transaction already, the server says so in a notice, and goes on. */
  async function begin(client: object): Promise<QueryResult> {
    if (owner !== undefined && owner !== client) throw inAnotherTransaction();
    if (owner === undefined) await send(`SAVEPOINT ${ofTest}`);
    owner = client;
    return answered('BEGIN');
  }

  async function commitOf(client: object): Promise<QueryResult> {
    if (owner !== client) return answered('COMMIT');
    if (session.getTransactionStatus() === 'E') {
      await rollBackOf(client);
      return answered('ROLLBACK');
    }
    try {
      await send(`${checkConstraints} RELEASE SAVEPOINT ${ofTest}`);
    } catch (thrown) {
      if (!isSpoiled) await rollBackOf(client);
      throw thrown;
    }
    owner = undefined;
    return answered('COMMIT');
  }

  async function rollBackOf(client: object): Promise<void> {
    if (owner !== client) return;
    owner = undefined;
    await send(rollBack);
  }

  async function alone(run: () => Promise<QueryResult>): Promise<QueryResult> {
    await send(`SAVEPOINT ${ofStatement}`);
    try {
      const result = await watched(run);
      await send(`RELEASE SAVEPOINT ${ofStatement}`);
      return result;
    } catch (thrown) {
      if (!isSpoiled) await send(`ROLLBACK TO SAVEPOINT ${ofStatement}; RELEASE SAVEPOINT ${ofStatement}`);
      throw thrown;
    }
  }

  /** Several statements in one text may end the transaction: the server says after each text whether there is one. */
  async function watched(run: () => Promise<QueryResult>): Promise<QueryResult> {
    try {
      const result = await run();
      noteEnd();
      return result;
    } catch (thrown) {
      // An error comes before that is said: an empty text is answered with it alone.
      await session.query('');
      noteEnd();
      throw thrown;
    }
  }

  function noteEnd(): void {
    if (session.getTransactionStatus() !== 'I') return;
    isSpoiled = true;
    throw committed();
  }
}

/** Of a statement that the server was sent in another form. */
function answered(command: string): QueryResult {
  return { command, rowCount: null, oid: 0, rows: [], fields: [] };
}
