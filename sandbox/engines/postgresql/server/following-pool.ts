import { Client, type ClientConfig, Pool, type PoolConfig } from 'pg';
import { SandboxError } from '../../../core/errors.ts';

/** A server that may be the primary. */
interface Host {
  readonly host: string;
  readonly port: number;
}

type Role = 'primary' | 'standby';

/**
 * Which role is looked for, by `target_session_attrs` (PostgreSQL documentation, "Database Connection Control Functions"),
 * and whether another one will do while none has it. A server is a standby here where it takes no writes.
 */
const attributes = {
  any: { wanted: undefined, isMust: false },
  'read-write': { wanted: 'primary', isMust: true },
  primary: { wanted: 'primary', isMust: true },
  'read-only': { wanted: 'standby', isMust: true },
  standby: { wanted: 'standby', isMust: true },
  'prefer-standby': { wanted: 'standby', isMust: false },
} as const satisfies Record<string, { readonly wanted: Role | undefined; readonly isMust: boolean }>;

type SessionAttributes = keyof typeof attributes;

/**
 * A pool that follows a failover: `url` names several hosts, as libpq and the drivers built on it take it, and each new
 * connection goes to the one that fits its `target_session_attrs`: with `read-write` to the primary, with `prefer-standby` to
 * a standby while one answers, without it to the first that answers. The driver for Node.js takes one host alone. Each host is asked for a second at most.
 * `options` are those of `pg`'s `Pool`; its address and its class of clients are this pool's own.
 * A connection that breaks is an error of its query, as always: whether its write was kept is for the caller to find out.
 * Throws `BAD_OPTION` for what is no address with a user, hosts and ports; a connection is an error where no host fits.
 *
 *     const pool = createFollowingPool(process.env.DATABASE_FOLLOWING_URL ?? '', { max: 4 });
 *     await pool.query('SELECT count(*) FROM users');
 */
export function createFollowingPool(url: string, options: PoolConfig = {}): Pool {
  const { hosts, wantedAttributes, single } = parseUrl(url);
  class FollowingClient extends Client {
    constructor(config?: string | ClientConfig) {
      super(config);
      const connect = super.connect.bind(this);
      const findFirst = async () => Object.assign(this, await findHost(hosts, wantedAttributes, single));
      // Both forms: the pool hands a callback over, people await.
      this.connect = ((callback?: (error?: Error) => void) => {
        const connecting = findFirst().then(() => connect());
        if (callback === undefined) return connecting;
        connecting.then(() => callback(), callback);
        return undefined;
      }) as Client['connect'];
    }
  }
  const pool = new Pool({ ...options, connectionString: single, Client: FollowingClient } as PoolConfig);
  // A connection that breaks while nobody uses it is taken out of the pool; nobody has to be told.
  pool.on('error', () => {});
  return pool;
}

/** `postgresql://user:password@host:port,host:port/database?target_session_attrs=...` */
function parseUrl(url: string) {
  const [, head = '', list = '', tail = ''] =
    /^(postgres(?:ql)?:\/\/[^@]*@)([^/?]+)([^?]*)/.exec(typeof url === 'string' ? url : '') ?? [];
  if (list === '') throw badUrl('names no user and hosts');
  const hosts = list.split(',').map((each): Host => {
    const [host = '', port = '5432'] = each.split(':');
    if (host === '' || !/^\d+$/.test(port)) throw badUrl('has a host without a name, or a port that is no number');
    return { host, port: Number(port) };
  });
  const wanted = new URLSearchParams(url.split('?')[1] ?? '').get('target_session_attrs') ?? 'any';
  if (!Object.hasOwn(attributes, wanted)) {
    throw badUrl(`has target_session_attrs=${wanted}, which is none of ${Object.keys(attributes).join(', ')}`);
  }
  const [first] = hosts;
  const single = `${head}${first?.host}:${first?.port}${tail}`;
  return { hosts, wantedAttributes: wanted as SessionAttributes, single };
}

/** Never with the address: it has a password. */
function badUrl(problem: string): SandboxError {
  return new SandboxError({
    code: 'BAD_OPTION',
    engine: 'postgresql',
    message: `The address of PostgreSQL ${problem}.`,
    next: 'Take it from DATABASE_FOLLOWING_URL of `npm run sandbox -- env`.',
  });
}

async function findHost(hosts: readonly Host[], asked: SessionAttributes, single: string): Promise<Host> {
  const looked = await Promise.all(hosts.map(async (host) => ({ host, role: await roleOf(host, single) })));
  const up = looked.filter(({ role }) => role !== undefined);
  const { wanted, isMust } = attributes[asked];
  const found = up.find(({ role }) => role === wanted) ?? (isMust ? undefined : up[0]);
  if (found !== undefined) return found.host;
  throw new Error(`none of ${hosts.map(({ host, port }) => `${host}:${port}`).join(', ')} is ${asked}`);
}

async function roleOf({ host, port }: Host, single: string): Promise<Role | undefined> {
  const client = new Client({ connectionString: single, connectionTimeoutMillis: 1_000, query_timeout: 1_000 });
  client.on('error', () => {});
  Object.assign(client, { host, port });
  try {
    await client.connect();
    // As libpq asks: an old primary that is cut off says that it takes no writes, and is no standby.
    const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
    return rows[0]?.transaction_read_only === 'on' ? 'standby' : 'primary';
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}
