import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { BSON, type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { NodeHandle } from '../../../sandbox/containers/nodes/node-spec.ts';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import type { BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Engine } from '../../../sandbox/engines/contract/engine.ts';
import { firstNode, type RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import { dumpFile, readArchive } from '../../../sandbox/engines/mongodb/backup/dump-archive.ts';
import { dumpByTool } from '../../../sandbox/engines/mongodb/backup/dump-tool.ts';
import { removeOtherShards } from '../../../sandbox/engines/mongodb/backup/fewer-shards.ts';
import { mongodb } from '../../../sandbox/engines/mongodb/engine.ts';
import {
  readSharding,
  restoreSharding,
  type ShardedCollection,
} from '../../../sandbox/engines/mongodb/schema/sharding.ts';
import { clientAsServer, toolHost, uri } from '../../../sandbox/engines/mongodb/server/connection.ts';
import { initiateSet } from '../../../sandbox/engines/mongodb/server/topologies.ts';
import { createStack, type Stack } from '../../../sandbox/stack/create-stack.ts';
import { backupFolder, supported } from '../support/backup-folder.ts';
import { backupOf, partsWith, temporaryFolder } from '../support/backups.ts';

// MongoDB's own server and tools cannot be had here. What the scripts ask of them is recorded by tools of the same names,
// and answered as mongo-tools' and the server's sources say that they answer. Nothing of it proves that they do.
const scripts = join(import.meta.dirname, '..', '..', '..', 'sandbox', 'engines', 'mongodb', 'scripts');
const engine = mongodb as Engine;
const backup = backupOf(engine);
const beside = supported(backup.restoreBeside);
const password = "pass'word";

const magic = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);
const end = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/** An archive of mongodump with these namespaces and no documents (mongo-tools, `common/archive`, `Prelude.Write`). */
function archiveOf(...namespaces: readonly (readonly [string, string])[]): Buffer {
  const header = BSON.serialize({ concurrent_collections: 4, version: '0.1', server_version: '8.0.29' });
  const collections = namespaces.map(([db, collection]) => BSON.serialize({ db, collection, metadata: '', size: 0 }));
  return Buffer.concat([magic, header, ...collections, end, end]);
}

describe('the scripts', () => {
  /** Runs a script with a tool of this name that notes its arguments, its configuration and its environment. */
  async function recorded(script: string, tool: string, args: readonly string[]) {
    await using folder = await temporaryFolder();
    const bin = join(folder.path, 'bin');
    await mkdir(bin);
    const recorder = await readFile(join(import.meta.dirname, '..', 'support', 'record-tool.sh'), 'utf8');
    await writeFile(join(bin, tool), recorder, { mode: 0o755 });
    await execa('sh', [join(scripts, script), ...args], {
      input: `${password}\n`,
      extendEnv: false,
      env: {
        PATH: `${bin}:/usr/bin:/bin`,
        TMPDIR: folder.path,
        RECORD: folder.path,
        MONGO_HOST: 'taishang/a:1,b:2',
        MONGO_USER: 'taishang',
      },
    });
    const of = (name: string) => readFile(join(folder.path, name), 'utf8');
    const left = await readdir(folder.path);
    return { args: await of('arguments'), config: await of('config'), environment: await of('environment'), left };
  }

  test.each([
    ['dump.sh', 'mongodump', ['--oplog']],
    ['restore.sh', 'mongorestore', ['--nsExclude=config.*']],
  ])('%s asks %s by a set with its members, and shows the password to nobody', async (script, tool, further) => {
    const { args, config, environment, left } = await recorded(script, tool, further);
    expect(args.trim().split('\n')).toEqual(
      expect.arrayContaining(['--host=taishang/a:1,b:2', '--archive', ...further]),
    );
    expect(args).not.toContain('--gzip');
    expect(args + environment).not.toContain(password);
    expect(config).toBe("mode 600\npassword: 'pass''word'\n");
    expect(left.toSorted()).toEqual(['arguments', 'bin', 'config', 'environment']);
  });

  /** `initiate.js` against servers that answer as told, round after round until it ends without an error. */
  async function initiate(members: Record<string, { hello: Document[]; users?: string[]; initiated?: number }>) {
    const asked: string[] = [];
    const connect = (address: string) => {
      const name = /@([^:]+):27017/.exec(address)?.[1] ?? '';
      const member = members[name] as (typeof members)[string];
      expect(address).toContain('__system:a-key@');
      return {
        runCommand: () => (member.hello.length > 1 ? member.hello.shift() : member.hello[0]),
        adminCommand: ({ replSetInitiate }: Document) => {
          asked.push(`initiate ${replSetInitiate._id}${replSetInitiate.configsvr ? ' configsvr' : ''}`);
          if (member.initiated !== undefined) throw Object.assign(new Error('refused'), { code: member.initiated });
        },
        getUser: (user: string) => (member.users?.includes(user) ? { user } : null),
        createUser: ({ user, pwd, roles }: Document) => {
          asked.push(`user ${user} ${pwd} ${roles} in ${name}`);
          member.users = [user];
        },
      };
    };
    const secretFiles: Record<string, string> = { 'key-file': 'a-key\n', 'root-password': 'a-password' };
    const readFileSync = (path: string) => secretFiles[path.split('/').at(-1) ?? ''];
    const process = { env: { TAISHANG_MEMBERS: Object.keys(members).join(' ') } };
    const script = await readFile(join(scripts, 'initiate.js'), 'utf8');
    for (let round = 0; round < 5; round += 1) {
      try {
        runInNewContext(script, { require: () => ({ readFileSync }), process, connect, encodeURIComponent });
        return asked;
      } catch (thrown) {
        if (!/no primary yet/.test(String(thrown))) throw thrown;
      }
    }
    throw new Error('it never ended');
  }

  const primary = { setName: 'any', isWritablePrimary: true };

  test('initiate.js makes a set of each member, with the user, and does neither twice', async () => {
    const fresh = () => ({ hello: [{}, { setName: 'any', isWritablePrimary: false }, primary] as Document[] });
    expect(await initiate({ 'a-config-1': fresh(), 'a-shard-1': fresh() })).toEqual([
      'initiate a-config-1 configsvr',
      'user taishang a-password root in a-config-1',
      'initiate a-shard-1',
      'user taishang a-password root in a-shard-1',
    ]);
    expect(await initiate({ 'a-shard-1': { hello: [primary], users: ['taishang'] } })).toEqual([]);
  });

  test('a member that says of no set only because it has just started is left as it is; another refusal counts', async () => {
    const loading = { hello: [{}, primary] as Document[], users: ['taishang'], initiated: 23 };
    expect(await initiate({ 'a-shard-1': loading })).toEqual(['initiate a-shard-1']);
    const refused = { hello: [{}] as Document[], initiated: 93 };
    await expect(initiate({ 'a-shard-1': refused })).rejects.toThrow('refused');
  });

  test.each([
    [23, true],
    [93, false],
  ])('replSetInitiate that is refused with code %i is taken for done: %s', async (code, isTaken) => {
    const command = async (asked: Document) => {
      if ('hello' in asked) return {};
      throw Object.assign(new Error('refused'), { code });
    };
    const ended = initiateSet({ command } as never, { _id: 'set' });
    if (isTaken) await expect(ended).resolves.toBeUndefined();
    else await expect(ended).rejects.toThrow('refused');
  });
});

test('the tools are given the members of a set by their ports, and a single node or a router by its own', () => {
  const node = (name: string, port: number) => ({ name, port, role: 'primary' }) as unknown as NodeHandle;
  const nodes = [node('m-2', 20_002), node('m-1', 20_001)];
  expect(toolHost({ topology: 'replicated', nodes })).toBe('taishang/m-2:20002,m-1:20001');
  expect(toolHost({ topology: 'standalone', nodes })).toBe('127.0.0.1:27017');
  expect(toolHost({ topology: 'clustered', nodes })).toBe('127.0.0.1:27017');
});

test("after a restore the server's internal user is asked of whichever member takes writes", async () => {
  const node = (name: string, port: number) => ({ name, port, role: 'primary', host: '127.0.0.1' });
  const nodes = [node('m-1', 20_001), node('m-2', 20_002), node('m-3', 20_003)] as unknown as NodeHandle[];
  const secrets = { root: password, keyFile: 'a-\nkey\n' };
  const optionsOf = (topology: 'standalone' | 'replicated' | 'clustered') =>
    clientAsServer({ topology, nodes, secrets } as unknown as RunningEngine).options;
  const { hosts, credentials, replicaSet } = optionsOf('replicated');
  expect(hosts.map(String)).toEqual(['m-1:20001', 'm-2:20002', 'm-3:20003']);
  expect(replicaSet).toBe('taishang');
  expect(credentials).toMatchObject({ username: '__system', password: 'a-key', source: 'local' });
  for (const topology of ['standalone', 'clustered'] as const) {
    const single = optionsOf(topology);
    expect(single.hosts.map(String), topology).toEqual(['127.0.0.1:20001']);
    expect(single.credentials, topology).toMatchObject({ username: '__system', source: 'local' });
  }
});

test('fewer shards: what the others are the primary of moves to the one that stays, until each says that it is gone', async () => {
  const answers = [{ state: 'started', dbsToMove: ['shop'] }, { state: 'ongoing' }, { state: 'completed' }];
  const asked: Document[] = [];
  const command = async (each: Document) => {
    asked.push(each);
    if ('listShards' in each) return { shards: [{ _id: 's-1' }, { _id: 's-2' }] };
    return 'removeShard' in each ? (answers.shift() ?? {}) : {};
  };
  await removeOtherShards({ command } as never);
  const removal = { removeShard: 's-2' };
  expect(asked).toEqual([{ listShards: 1 }, removal, { movePrimary: 'shop', to: 's-1' }, removal, removal]);
});

describe('an archive of mongodump', () => {
  const manifestOf = (parts: BackupManifest['parts']) => ({ engine: 'mongodb', parts }) as BackupManifest;

  async function read(contents: Readonly<Record<string, Buffer>>, unpackedBytesMax = 1e9) {
    await using folder = await temporaryFolder();
    return await readArchive(folder.path, manifestOf(await partsWith(folder.path, contents)), unpackedBytesMax);
  }

  test('says which databases it has, compressed as release 0.1 wrote it or not', async () => {
    const bytes = archiveOf(['shop', 'orders'], ['shop', 'seen'], ['admin', 'system.users']);
    const expected = { databases: ['admin', 'shop'], unpackedBytes: bytes.length };
    expect(await read({ [dumpFile]: bytes })).toMatchObject({ ...expected, isCompressed: false });
    expect(await read({ 'mongodb.archive.gz': gzipSync(bytes) })).toMatchObject({ ...expected, isCompressed: true });
  });

  test('that unpacks to more than there is room for is refused while it is read', async () => {
    const bomb = gzipSync(Buffer.concat([archiveOf(['a', 'b']), Buffer.alloc(50e6), end]));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(read({ 'mongodb.archive.gz': bomb }, 1e6)).rejects.toMatchObject({ code: 'BACKUP_TOO_LARGE' });
  });

  test.each([
    ['cut off', archiveOf(['a', 'b']).subarray(0, -5)],
    ['of documents that cannot be', Buffer.concat([magic, Buffer.from([1, 0, 0, 0]), end])],
    ['that is another file', Buffer.from('{"a":1}')],
    ['that is empty', Buffer.alloc(0)],
  ])('%s is refused', async (_, bytes) => {
    await expect(read({ [dumpFile]: bytes })).rejects.toMatchObject({ code: 'BACKUP_PART_UNREADABLE' });
  });
});

describe('backup and restore by the tools', () => {
  let stack: Stack<'mongodb'>;
  let running: RunningEngine;
  let client: MongoClient;
  const archive = archiveOf(
    ['shop', 'orders'],
    ['a*b', 'c'],
    ['admin', 'system.users'],
    ['taishang_sandbox', 'records'],
  );

  beforeAll(async () => {
    stack = await createStack({ engines: ['mongodb'], size: 'none', schema: false, connect: false });
    const { mongodb: standIn } = stack.engines;
    running = { ...standIn, image: { ...standIn.image, origin: 'official' } };
    client = await new MongoClient(uri(standIn)).connect();
    const recorder = await readFile(join(import.meta.dirname, '..', 'support', 'record-tool.sh'), 'utf8');
    for (const tool of ['mongodump', 'mongorestore']) {
      const install = `cat > /usr/local/bin/${tool} && chmod 755 /usr/local/bin/${tool} && mkdir -p /tmp/record`;
      await execInNode(firstNode(running), ['sh', '-c', install], { user: '0', input: recorder });
    }
    await execInNode(firstNode(running), ['sh', '-c', 'cat > /tmp/record/says'], { user: '0', input: archive });
    // The server's internal user, which the stand-in lacks.
    const internal = { createUser: '__system', pwd: (running.secrets.keyFile ?? '').replace(/\s/g, ''), roles: [] };
    await client.db('local').command({ ...internal, roles: [{ role: 'root', db: 'admin' }] });
  });
  afterAll(async () => {
    await client?.close();
    await stack?.dispose();
  });
  beforeEach(() => execInNode(firstNode(running), ['sh', '-c', 'rm -f /tmp/record/arguments'], { user: '0' }));

  async function toolArguments(): Promise<readonly string[]> {
    const { output } = await execInNode(firstNode(running), ['cat', '/tmp/record/arguments'], { user: '0' });
    return output.trim().split('\n');
  }

  /** Seen as a cluster, of which the stand-in is the router. */
  const asCluster = (): RunningEngine => ({ ...running, topology: 'clustered' });

  test('a set is dumped with its oplog, as of one moment, and restored with it', async () => {
    await using folder = await backupFolder();
    const manifest = await dumpByTool(running, folder.path);
    expect(manifest).toMatchObject({ consistentPoint: true, parts: [{ path: dumpFile, sizeBytes: archive.length }] });
    expect(await toolArguments()).toEqual(expect.arrayContaining(['--oplog', '--archive']));

    await backup.restore(running, folder.path, manifest);
    expect(await toolArguments()).toEqual(expect.arrayContaining(['--drop', '--stopOnError', '--oplogReplay']));
  });

  test("beside the live data each database gets its name, and the server's own and ours stay out", async () => {
    await using folder = await backupFolder();
    const manifest = await dumpByTool(running, folder.path);
    expect(await beside(running, folder.path, manifest)).toEqual(['a*b_restore', 'shop_restore']);
    const renames = (await toolArguments()).filter((argument) => argument.startsWith('--ns'));
    expect(renames).toEqual([
      ...['--nsInclude=a\\*b.*', '--nsFrom=a\\*b.*', '--nsTo=a\\*b_restore.*'],
      ...['--nsInclude=shop.*', '--nsFrom=shop.*', '--nsTo=shop_restore.*'],
    ]);
    for (const name of ['a*b_restore', 'shop_restore']) await client.db(name).dropDatabase();
  });

  test('a cluster is dumped through its router without an oplog, says so, and keeps its shard keys', async () => {
    const key = new Map<string, number | string>([
      ['zz', 1],
      ['2026', 'hashed'],
    ]);
    const collections = client.db('config').collection('collections');
    await collections.insertMany([
      { _id: 'shop.orders', key, unique: false },
      { _id: 'shop.placed', key, unsplittable: true },
      { _id: 'config.system.sessions', key },
    ] as never[]);
    await using folder = await backupFolder();
    const manifest = await dumpByTool(asCluster(), folder.path);
    expect(manifest.consistentPoint).toEqual({ no: expect.stringMatching(/a moment of its own/) });
    expect(await toolArguments()).not.toContain('--oplog');
    const sharded = [
      {
        namespace: 'shop.orders',
        unique: false,
        key: [
          ['zz', 1],
          ['2026', 'hashed'],
        ],
      },
    ];
    expect(await readSharding(folder.path, manifest)).toEqual(sharded);
    await collections.drop();

    // Into a single server: what describes the cluster stays out, and there is no oplog to replay.
    await backup.restore(running, folder.path, manifest);
    const single = await toolArguments();
    expect(single).toContain('--nsExclude=config.*');
    expect(single).not.toContain('--oplogReplay');
    // Into a cluster: the shard keys are asked for, which is where the stand-in can do no more.
    await expect(backup.restore(asCluster(), folder.path, manifest)).rejects.toThrow(/enableSharding/);
  });

  test('what mongorestore says has failed fails the restore, and leaves nothing beside the live data', async () => {
    await using folder = await backupFolder();
    const manifest = await dumpByTool(running, folder.path);
    const fails = (text: string) =>
      execInNode(firstNode(running), ['sh', '-c', 'cat > /tmp/record/fails'], { user: '0', input: text });
    await fails('10 document(s) restored successfully. 3 document(s) failed to restore.');
    const restore = beside(running, folder.path, manifest);
    await expect(restore).rejects.toMatchObject({ code: 'RESTORE_FAILED' });
    await execInNode(firstNode(running), ['rm', '/tmp/record/fails'], { user: '0' });
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    expect(databases.map(({ name }) => name).filter((name) => name.endsWith('_restore'))).toEqual([]);
  });
});

test('shard keys come back in the order of their fields', async () => {
  const asked: Document[] = [];
  const command = async (each: Document) => asked.push(each);
  const sharded: ShardedCollection[] = [
    {
      namespace: 'shop.a.b',
      unique: true,
      key: [
        ['zz', 1],
        ['2026', -1],
      ],
    },
  ];
  await restoreSharding({ db: () => ({ command }) } as never, sharded);
  expect(asked[0]).toEqual({ enableSharding: 'shop' });
  expect(asked[1]).toMatchObject({ shardCollection: 'shop.a.b', unique: true });
  const { key } = asked[1] as { readonly key: Map<string, number> };
  expect([...key]).toEqual([
    ['zz', 1],
    ['2026', -1],
  ]);
});
