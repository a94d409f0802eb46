import type { Client } from 'pg';
import { deadlineMs } from '../../../core/deadlines.ts';
import type { QualityAnswer, QualityLimits, QualityQuestion, QualitySession } from '../../contract/quality.ts';
import { isExternal, type ReachableEngine, type RunningEngine } from '../../contract/topology.ts';
import { roles } from '../failover/roles.ts';
import { mainDatabase, type OpenClient, openClient, openPrimary } from '../server/connection.ts';
import { catalogueOf, placesIn } from './catalogue.ts';
import { statementOf } from './statement.ts';

/**
 * A connection for each database, opened when it is first asked: read-only, and as `pg_read_all_data`, which may read every
 * table and nothing else (PostgreSQL documentation, "Predefined Roles"). A statement is one statement, by the extended
 * protocol, so that none can take the role back and go on.
 */
export async function openSession(running: ReachableEngine): Promise<QualitySession> {
  const reading = isExternal(running) ? running : await onFollower(running);
  const clients = new Map<string, Promise<OpenClient>>();
  const clientOf = async (database: string = mainDatabase): Promise<Client> => {
    const opened = clients.get(database) ?? openReader(reading, database);
    clients.set(database, opened);
    return (await opened).client;
  };
  const close = async () => {
    await Promise.allSettled([...clients.values()].map(async (opened) => (await opened)[Symbol.asyncDispose]()));
  };
  // Whether it answers at all.
  await clientOf();
  return {
    reader: isExternal(reading)
      ? 'the login of its address, read-only'
      : `pg_read_all_data on ${reading.nodes[0]?.name}`,
    answer: async (question, limits) => answer(await clientOf(question.place.database), question, limits),
    places: () => placesIn(clientOf),
    catalogue: async (place) => catalogueOf(await clientOf(place.database), place),
    [Symbol.asyncDispose]: close,
  };
}

/** With a standby first, where one follows: a scan there costs the primary nothing. */
async function onFollower(running: RunningEngine): Promise<RunningEngine> {
  if (running.topology === 'standalone') return running;
  const found = await roles(running);
  const order = ['standby', 'primary'];
  const [first] = order.flatMap((role) => found.filter((each) => each.role === role));
  const node = running.nodes.find(({ name }) => name === first?.node);
  if (node === undefined) throw new Error('no node answers');
  return { ...running, nodes: [node, ...running.nodes.filter((each) => each !== node)] };
}

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
    await opened.client.query('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY');
    if (!isExternal(running)) await opened.client.query('SET ROLE pg_read_all_data');
    return opened;
  } catch (thrown) {
    await opened[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function answer(client: Client, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const { text, values } = statementOf(question);
  const [accepted, idsMax] = [values.length + 1, values.length + 2];
  const isCount = 'rule' in question.ask && question.ask.rule.metric === 'rowCount';
  const counted = isCount
    ? `SELECT count(*)::float8 AS count, ARRAY[]::text[] AS ids FROM (${text}) found`
    : `WITH found AS MATERIALIZED (SELECT id::text AS id FROM (${text}\n) violations WHERE id::text <> ALL ($${accepted}::text[]))
       SELECT (SELECT count(*) FROM found)::float8 AS count, ARRAY(SELECT id FROM found ORDER BY id LIMIT $${idsMax}) AS ids`;
  await client.query(`SET statement_timeout = ${Math.ceil(limits.timeoutMs)}`);
  const { rows } = await client.query<QualityAnswer>(
    counted,
    isCount ? [...values] : [...values, question.accepted, limits.idsMax],
  );
  return rows[0] as QualityAnswer;
}
