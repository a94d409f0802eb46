import { MongoClient, type MongoClientOptions } from 'mongodb';
import { SandboxError } from '../../../core/errors.ts';

/** How a host name becomes addresses, in the form that `node:net` asks for; with `all: true` they are a list. */
type Lookup = NonNullable<MongoClientOptions['lookup']>;

/** Names of members are those of the containers' network: on this machine each is the loopback address. */
const lookup: Lookup = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/**
 * Options with which an ordinary client on this machine reaches every member and follows a failover. A server is looked
 * for longer than an election takes, 20 s: that may be 12 s with the defaults (MongoDB documentation, "Replica Set
 * Elections"). For a client of one's own:
 * `new MongoClient(uri, { ...memberOptions, maxPoolSize: 4 })`.
 */
export const memberOptions = { lookup, serverSelectionTimeoutMS: 20_000 } satisfies MongoClientOptions;

/**
 * Client for what `sandbox env` printed, in any topology: of the address `MONGODB_URI`, with {@link memberOptions} where it
 * names a replica set. Default: the variables of this process. `options` are the driver's, and come before ours.
 * It is not connected yet. Throws `BAD_OPTION` where there is no such
 * address, and the driver's `MongoParseError` for options that will not do.
 *
 *     const client = await mongoClientFromEnvironment().connect();
 *     await client.db().collection('user_contents').countDocuments();
 */
export function mongoClientFromEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
  options: MongoClientOptions = {},
): MongoClient {
  const uri = environment.MONGODB_URI ?? '';
  if (!/^mongodb(?:\+srv)?:\/\/[^/]/.test(uri)) {
    throw new SandboxError({
      code: 'BAD_OPTION',
      engine: 'mongodb',
      message: uri === '' ? 'MONGODB_URI is not set.' : 'MONGODB_URI is no address of MongoDB.',
      next: 'Take it from `npm run sandbox -- env`.',
    });
  }
  return new MongoClient(uri, uri.includes('replicaSet=') ? { ...memberOptions, ...options } : options);
}
