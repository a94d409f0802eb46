import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import type { Client, Pool } from 'pg';
import { deadlineMs } from '../../../core/deadlines.ts';
import { AsyncDisposableStack } from '../../../core/disposable-stack.ts';
import { poll } from '../../../core/poll.ts';
import type { GivenToOther, OtherWay, PreparedWay } from '../../contract/bench/lease-bench.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { openAdministration } from '../backup/restore/temporary-databases.ts';
import { identifier, literal } from '../server/statements.ts';
import { buildGoPrograms } from './go-programs.ts';
import { templateOfPlaces } from './lease-template.ts';

/** Databases that IntegreSQL's pool has: one is out, the others are ready. */
const poolSize = 4;

/** Tools that give each test a clone of a template, on the same server, of the same template. */
export const leasePeers: readonly OtherWay<Pool>[] = [
  { name: 'pgtestdb 0.1.1', kind: 'made', role: 'peer', prepare: (given) => preparePeer('pgtestdb', given) },
  {
    name: 'IntegreSQL 1.1.0, its pool full',
    kind: 'handed out',
    role: 'peer',
    prepare: (given) => preparePeer('integresql: pool', given, poolSize),
  },
  {
    name: 'IntegreSQL 1.1.0, recreate',
    kind: 'as new',
    role: 'peer',
    prepare: (given) => preparePeer('integresql: recreate', given, 1),
  },
];

async function preparePeer(peer: string, { running, signal }: GivenToOther<Pool>, pool?: number): Promise<PreparedWay> {
  await using opening = new AsyncDisposableStack();
  const programs = opening.use(await buildGoPrograms(signal));
  const { client } = opening.use(await openAdministration(running));
  const login = await makeLogin(client);
  opening.defer(() => removeLogin(client, login));
  const template = await templateOfPlaces(client);
  const settings = { peer, pool, template, ...addressOf(running), ...login };
  const address = pool === undefined ? undefined : await startIntegresql(opening, programs.integresql, settings, pool);
  const child = opening.adopt(spawn(programs.peers, { stdio: ['pipe', 'pipe', 'ignore'] }), end);
  const ask = linesOf(child);
  child.stdin?.write(`${JSON.stringify({ ...settings, address })}\n`);
  // The first one makes the template.
  await ask();
  const resources = opening.move();
  return { run: ask, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}

interface Login {
  readonly user: string;
  readonly password: string;
}

/** The tools want a superuser, and IntegreSQL's server has its password in its environment: that of no login that stays. */
async function makeLogin(client: Client): Promise<Login> {
  const login = { user: `bench_${randomBytes(4).toString('hex')}`, password: randomBytes(24).toString('hex') };
  await client.query(`CREATE ROLE ${identifier(login.user)} LOGIN SUPERUSER PASSWORD ${literal(login.password)}`);
  return login;
}

/** With all databases that the tools have made as it, or as the role that pgtestdb makes under its name. */
async function removeLogin(client: Client, { user }: Login): Promise<void> {
  const { rows: roles } = await client.query<{ name: string; oid: string }>(
    'SELECT rolname AS name, oid FROM pg_roles WHERE rolname = ANY ($1)',
    [[user, `${user}_pgtestdb`]],
  );
  const { rows: made } = await client.query<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datdba = ANY ($1::oid[])',
    [roles.map(({ oid }) => oid)],
  );
  for (const { name } of made) {
    await client.query(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
    await client.query(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
  }
  for (const { name } of roles) await client.query(`DROP ROLE ${identifier(name)}`);
}

function addressOf(running: RunningEngine): { readonly host: string; readonly port: string } {
  const { host, port } = firstNode(running);
  return { host, port: String(port) };
}

/** Starts IntegreSQL's server, and returns its address once it answers. */
async function startIntegresql(
  opening: InstanceType<typeof AsyncDisposableStack>,
  program: string,
  {
    host,
    port,
    user,
    password,
    template,
  }: Login & { readonly host: string; readonly port: string; readonly template: string },
  pool: number,
): Promise<string> {
  const own = await freePort();
  const environment = {
    INTEGRESQL_ADDRESS: '127.0.0.1',
    INTEGRESQL_PORT: String(own),
    INTEGRESQL_PGHOST: host,
    INTEGRESQL_PGPORT: port,
    INTEGRESQL_PGUSER: user,
    INTEGRESQL_PGPASSWORD: password,
    INTEGRESQL_DB_PREFIX: user,
    INTEGRESQL_ROOT_TEMPLATE: template,
    INTEGRESQL_TEST_INITIAL_POOL_SIZE: String(pool),
    INTEGRESQL_TEST_MAX_POOL_SIZE: String(pool),
    INTEGRESQL_LOGGER_LEVEL: 'error',
  };
  opening.adopt(spawn(program, { env: environment, stdio: 'ignore' }), end);
  const address = `http://127.0.0.1:${own}`;
  await poll(async () => (await fetch(address)).status > 0, {
    timeoutMs: deadlineMs('brokerStart'),
    onTimeout: () => new Error('the server of IntegreSQL does not answer'),
  });
  return address;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a server has a port');
  return address.port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

/** Asks for one database after the other, and returns how long each took, in milliseconds, as the program says. */
function linesOf(child: ChildProcess): () => Promise<number> {
  if (child.stdout === null || child.stdin === null) throw new Error('it has both');
  const { stdin } = child;
  stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]() as ReturnType<
    Interface[typeof Symbol.asyncIterator]
  >;
  return async () => {
    stdin.write('\n');
    const { value, done } = await lines.next();
    if (done) throw new Error('the program ended');
    const { ms, error } = JSON.parse(value) as { readonly ms: number; readonly error?: string };
    if (error !== undefined) throw new Error(error);
    return ms;
  };
}
