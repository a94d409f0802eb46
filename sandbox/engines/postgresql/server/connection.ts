import { Client, Pool } from 'pg';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { deadlineMs } from '../../../core/deadlines.ts';
import {
  type Connection,
  firstNode,
  isExternal,
  type ReachableEngine,
  type RunningEngine,
  type Secrets,
} from '../../contract/topology.ts';
import { createFollowingPool } from './following-pool.ts';

/** Roles and the databases that they may connect to are in `schema/`. */
export type Role = 'postgres' | 'taishang_user' | 'taishang_ai_user' | 'taishang_analytics_user' | 'replicator';

export const databases = ['taishang_users', 'taishang_ai', 'taishang_data', 'taishang_analytics'] as const;

export type DatabaseName = (typeof databases)[number];

/** As whom an application works in each database. */
export const workingRoles: Readonly<Record<DatabaseName, Role>> = {
  taishang_users: 'taishang_user',
  taishang_data: 'taishang_user',
  taishang_ai: 'taishang_ai_user',
  taishang_analytics: 'taishang_analytics_user',
};

/** The database that an application's first address names. */
export const mainDatabase: DatabaseName = 'taishang_users';

export interface Target {
  readonly database: string;
  /** Default: `postgres`, the superuser. */
  readonly role?: Role;
}

export interface OpenClient extends AsyncDisposable {
  readonly client: Client;
}

/** A connection to one node; a broken one is an error of the next query, not of the process. */
export async function openClient(
  node: NodeHandle,
  secrets: Secrets,
  { database, role = 'postgres' }: Target,
  options: { readonly connectionTimeoutMs?: number; readonly queryTimeoutMs?: number } = {},
): Promise<OpenClient> {
  const client = new Client({
    host: node.host,
    port: node.port,
    database,
    user: role,
    password: secrets[role] ?? '',
    connectionTimeoutMillis: options.connectionTimeoutMs ?? 10_000,
    query_timeout: options.queryTimeoutMs ?? deadlineMs('nodeCommand'),
    application_name: 'taishang-sandbox',
  });
  client.on('error', () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => end(client) };
}

/** {@link openClient} on the primary; on a server that is not ours, as the user that its address names. */
export function openPrimary(running: ReachableEngine, target: Target): Promise<OpenClient> {
  if (isExternal(running)) return openExternal(running.url, target);
  return openClient(firstNode(running), running.secrets, target);
}

/** Databases that are there for the platform, or on every server. */
function isPlatforms(database: string): boolean {
  return database === 'postgres' || databases.some((name) => name === database);
}

/** The database that an address names; default: the one that every server has. */
export function databaseOf(address: string): string {
  return decodeURIComponent(new URL(address).pathname.slice(1)) || 'postgres';
}

/** Whether a server that is not ours has everything of the platform in the one database that its address names. */
export function isAllInOne(address: string): boolean {
  return !isPlatforms(databaseOf(address));
}

async function openExternal(address: string, { database }: Target): Promise<OpenClient> {
  const url = new URL(address);
  if (!isAllInOne(address) || !isPlatforms(database)) url.pathname = `/${encodeURI(database)}`;
  const client = new Client({
    connectionString: url.href,
    connectionTimeoutMillis: 10_000,
    query_timeout: deadlineMs('nodeCommand'),
    application_name: 'taishang-sandbox',
  });
  client.on('error', () => {});
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => end(client) };
}

/** A server that is paused would be waited for until somebody wakes it: it hears the goodbye at once or never. */
const goodbyeMs = 2_000;

async function end(client: Client): Promise<void> {
  const late = setTimeout(() => client.connection.stream.destroy(), goodbyeMs);
  try {
    await client.end();
  } finally {
    clearTimeout(late);
  }
}

/** The server's version, as soon as it takes queries; a standby answers too. */
export async function probe(node: NodeHandle, secrets: Secrets): Promise<string> {
  const timeouts = { connectionTimeoutMs: 1_500, queryTimeoutMs: 1_500 };
  await using opened = await openClient(node, secrets, { database: 'postgres' }, timeouts);
  const { rows } = await opened.client.query<{ server_version: string }>('SHOW server_version');
  return rows[0]?.server_version.split(' ')[0] ?? '';
}

/** A pool of the application's role on `taishang_users`; it follows a failover. */
export async function connect(running: RunningEngine): Promise<Connection<Pool>> {
  const isSingle = running.topology === 'standalone';
  const pool = isSingle
    ? new Pool({ connectionString: uri(running), max: 10 })
    : createFollowingPool(uriOfAll(running, 'read-write'), { max: 10 });
  pool.on('error', () => {});
  return { client: pool, [Symbol.asyncDispose]: () => pool.end() };
}

export function uri(running: Pick<RunningEngine, 'nodes' | 'secrets'>): string {
  const { host, port } = firstNode(running);
  return `postgresql://taishang_user:${running.secrets.taishang_user}@${host}:${port}/taishang_users`;
}

/**
 * So that a client does not wait for a member that is silent: seconds for each host of a new connection, and milliseconds
 * for what was sent and not acknowledged (PostgreSQL documentation, "Parameter Key Words" of libpq; without them it
 * waits as long as TCP does, minutes).
 */
const timeouts = 'connect_timeout=2&tcp_user_timeout=5000';

/** As the superuser, who owns the schema; it is not held to the policies of rows (PostgreSQL documentation, "Row Security Policies"). */
export function migrationEnvironment(running: Pick<RunningEngine, 'nodes' | 'secrets'>): Record<string, string> {
  const { host, port } = firstNode(running);
  const login = `postgres:${running.secrets.postgres}`;
  return { DATABASE_MIGRATION_URL: `postgresql://${login}@${host}:${port}/taishang_users` };
}

/** Every member, for clients that follow: libpq and drivers on it, and `createFollowingPool` of `following-pool.ts`. */
function uriOfAll({ nodes, secrets }: Pick<RunningEngine, 'nodes' | 'secrets'>, attributes: string): string {
  const hosts = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  const user = `taishang_user:${secrets.taishang_user}`;
  return `postgresql://${user}@${hosts}/taishang_users?target_session_attrs=${attributes}&${timeouts}`;
}

export function environment(running: Pick<RunningEngine, 'nodes' | 'secrets' | 'topology'>): Record<string, string> {
  const { host, port } = firstNode(running);
  const members =
    running.topology === 'standalone'
      ? {}
      : {
          DATABASE_FOLLOWING_URL: uriOfAll(running, 'read-write'),
          DATABASE_READ_ONLY_URL: uriOfAll(running, 'prefer-standby'),
        };
  return {
    ...members,
    DATABASE_URL: uri(running),
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: 'taishang_user',
    PGPASSWORD: running.secrets.taishang_user ?? '',
    PGDATABASE: 'taishang_users',
    ...otherDatabases(running),
  };
}

/** Addresses of the databases beside that of `DATABASE_URL`, by their variables: `DATABASE_AI_URL`. */
function otherDatabases({ nodes, secrets }: Pick<RunningEngine, 'nodes' | 'secrets'>): Record<string, string> {
  const { host, port } = firstNode({ nodes });
  return Object.fromEntries(
    databases
      .filter((database) => database !== mainDatabase)
      .map((database) => {
        const role = workingRoles[database];
        return [addressVariable(database), `postgresql://${role}:${secrets[role]}@${host}:${port}/${database}`];
      }),
  );
}

export function addressVariable(database: DatabaseName): string {
  return `${database.replace('taishang', 'DATABASE').toUpperCase()}_URL`;
}
