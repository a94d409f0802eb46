import type { Client } from 'pg';
import { deadlineMs } from '../../../core/deadlines.ts';
import { messageOf } from '../../../core/errors.ts';
import {
  asksForCount,
  type Combination,
  NoSuchPlace,
  type QualityAnswer,
  type QualityLimits,
  type QualityPlace,
  type QualityQuestion,
  type QualitySession,
  requireFewCombinations,
} from '../../contract/quality.ts';
import { isExternal, type NodeRole, type ReachableEngine, type RunningEngine } from '../../contract/topology.ts';
import { roles } from '../failover/roles.ts';
import { databaseOf, isAllInOne, mainDatabase } from '../server/connection.ts';
import { catalogueOf, limitTime, placesIn } from './catalogue.ts';
import { createReaders } from './readers.ts';
import { distributionStatement, statementOf } from './statement.ts';

/**
 * Connections are read-only, and those of a role that may read alone. A statement is one statement, by the extended
 * protocol, so that none can take the role back and go on.
 */
export async function openSession(running: ReachableEngine): Promise<QualitySession> {
  const reading = isExternal(running) ? running : await onFollower(running);
  const readers = createReaders(reading);
  const { use } = readers;
  const ownDatabase = isExternal(reading) ? databaseOf(reading.url) : mainDatabase;
  const isOne = isExternal(reading) && isAllInOne(reading.url);
  // Whether it answers at all.
  await use(ownDatabase, async () => {});
  return {
    reader: isExternal(reading)
      ? 'the login of its address, read-only'
      : `pg_read_all_data on ${reading.nodes[0]?.name}`,
    ownDatabase,
    answer: (question, limits) =>
      use(question.place.database ?? ownDatabase, (client) => answer(client, question, limits)),
    distribution: (place, fields, limits) =>
      use(place.database ?? ownDatabase, (client) => distribution(client, { place, fields }, limits)),
    places: (limits) => placesIn(use, limits, { from: ownDatabase, isOne }),
    catalogue: (place, limits) =>
      use(place.database ?? ownDatabase, (client) => catalogueOf(client, place, limits), { inTurn: true }).catch(
        (thrown) => {
          throw isNoPlace(thrown) ? new NoSuchPlace(messageOf(thrown)) : thrown;
        },
      ),
    [Symbol.asyncDispose]: () => readers[Symbol.asyncDispose](),
  };
}

/**
 * A standby where one follows: a scan there costs the primary nothing. One that has lost what it followed shows a state of
 * before, and is asked only where no primary answers.
 */
export function readerOf(found: readonly NodeRole[]): string | undefined {
  const standbys = found.filter(({ role }) => role === 'standby');
  const inOrder = [
    ...standbys.filter(({ lagUnknown }) => lagUnknown === undefined),
    ...found.filter(({ role }) => role === 'primary'),
    ...standbys,
  ];
  return inOrder[0]?.node;
}

/** No such database, schema or table (PostgreSQL documentation, "PostgreSQL Error Codes"). */
function isNoPlace(thrown: unknown): boolean {
  return ['3D000', '3F000', '42P01'].includes(String((thrown as { code?: unknown }).code));
}

/** With the node first that is read from. */
async function onFollower(running: RunningEngine): Promise<RunningEngine> {
  if (running.topology === 'standalone') return running;
  const name = readerOf(await roles(running));
  const node = running.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error('no node answers');
  return { ...running, nodes: [node, ...running.nodes.filter((each) => each !== node)] };
}

async function answer(client: Client, question: QualityQuestion, limits: QualityLimits): Promise<QualityAnswer> {
  const { text, values } = statementOf(question);
  const [accepted, idsMax] = [values.length + 1, values.length + 2];
  const isCount = asksForCount(question);
  const counted = isCount
    ? `SELECT count(*)::float8 AS count, ARRAY[]::text[] AS ids FROM (${text}) found`
    : `WITH found AS MATERIALIZED (SELECT coalesce(id::text, 'null') AS id FROM (${text}\n) violations
         WHERE coalesce(id::text, 'null') <> ALL ($${accepted}::text[]))
       SELECT (SELECT count(*) FROM found)::float8 AS count, ARRAY(SELECT id FROM found ORDER BY id LIMIT $${idsMax}) AS ids`;
  await limitTime(client, limits);
  const { rows } = await client.query<QualityAnswer>(
    inTime(counted, limits),
    isCount ? [...values] : [...values, question.accepted, limits.idsMax],
  );
  return rows[0] as QualityAnswer;
}

/** The server gives up first, and says why; the driver gives up after 5 minutes by itself, whatever a check may take. */
function inTime(text: string, { timeoutMs }: QualityLimits): { readonly text: string; readonly query_timeout: number } {
  return { text, query_timeout: timeoutMs + deadlineMs('serverSelection') };
}

async function distribution(
  client: Client,
  { place, fields }: { readonly place: QualityPlace; readonly fields: readonly string[] },
  limits: QualityLimits,
): Promise<readonly Combination[]> {
  await limitTime(client, limits);
  const { text, values } = distributionStatement(place, fields);
  return requireFewCombinations((await client.query<Combination>(inTime(text, limits), [...values])).rows);
}
