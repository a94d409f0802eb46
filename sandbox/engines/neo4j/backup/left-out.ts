import type { EagerResult } from 'neo4j-driver';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { takesCommands } from '../../../containers/nodes/nodes.ts';
import { docker } from '../../../containers/runtime/docker.ts';
import { type CommandResult, checked, execInNode, runOneOff } from '../../../containers/runtime/exec.ts';
import { labelNames } from '../../../containers/runtime/labels.ts';
import { temporaryPrefix } from '../../../core/text/derived-names.ts';
import type { LeftOut } from '../../contract/backup.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';
import { withDriver } from '../server/connection.ts';

/** Files that are named one by one; their number is told beyond that. */
const namedMax = 20;

/** What the server, and the sandbox, keep in the volume of the data, as patterns of `find`. */
export const known: readonly string[] = [
  './databases/*',
  './transactions/*',
  './dbms/*',
  './cluster-state/*',
  './licenses/*',
  './server_id',
  // Of the sandbox: what a restore and an import have made ready, and which role a node has.
  `./${temporaryPrefix}*`,
  './role',
  './role.new',
  './serving',
  './started',
  './held',
  './lineage',
  './server.lock',
  './keep',
  // Named as what it is: see `oldStores`.
  './kept/*',
];

/** Where users put files for `LOAD CSV`, and plugins, in the official image and in ours. */
const ownFolders = /^\/(?:var\/lib\/neo4j\/)?(?:import|plugins)\//;

/**
 * What a replace would take away and no dump of `neo4j` and `system` has: further databases, which Enterprise has, and
 * files that were put beside the data, into `import` or among the plugins. The server's logs go with it, as with every
 * new node.
 */
export async function leftOut(running: RunningEngine, down: readonly NodeHandle[] = []): Promise<readonly LeftOut[]> {
  const node = firstNode(running);
  const [databases, besideData, inFolders, stores] = await Promise.all([
    otherDatabases(running),
    filesBesideData(node),
    filesInFolders(node),
    storesOfOldPrimaries(running, down),
  ]);
  const files = [...besideData, ...inFolders].toSorted();
  const why = 'a dump has what is in the databases, and no files beside them';
  const others = files.length - namedMax;
  return [
    ...databases.map((name) => ({
      what: `database ${JSON.stringify(name)}`,
      why: 'the platform has one user database, and that one is dumped',
    })),
    ...files.slice(0, namedMax).map((path) => ({ what: `file ${JSON.stringify(path)}`, why })),
    ...(others > 0 ? [{ what: `${others} further files`, why }] : []),
    ...stores,
  ];
}

async function otherDatabases(running: RunningEngine): Promise<readonly string[]> {
  return withDriver(running, async (driver) => {
    const { records } = await driver.executeQuery<EagerResult<{ name: string }>>(
      'SHOW DATABASES YIELD name RETURN DISTINCT name ORDER BY name',
      {},
      { database: 'system' },
    );
    return records.map((record) => record.get('name')).filter((name) => name !== 'neo4j' && name !== 'system');
  });
}

async function filesBesideData(node: NodeHandle): Promise<readonly string[]> {
  const others = known.flatMap((pattern) => ['!', '-path', pattern]);
  const command = ['find', '.', '-type', 'f', ...others, '-printf', '/data/%P\\0'];
  const { output } = checked(
    await execInNode(node, ['sh', '-c', 'cd /data && exec "$@"', 'sh', ...command]),
    'listing what is beside the data',
    'neo4j',
  );
  return output.split('\0').filter((path) => path !== '');
}

/** What a node is, on the first line, and then what is kept in it. */
const askForStores = 'cat /data/role 2>/dev/null || echo; [ ! -e /data/kept ] || ls -1 /data/kept';

/** Of a node that does not run, also one that has gone down since, the volume is looked into. */
async function storesOfOldPrimaries(
  { nodes }: RunningEngine,
  down: readonly NodeHandle[],
): Promise<readonly LeftOut[]> {
  const found = await Promise.all(
    [...nodes, ...down].map(async (node) => {
      const isUp = await takesCommands(node);
      const answer = await (isUp ? execInNode(node, ['sh', '-c', askForStores]) : besideNode(node));
      return oldStores(node.name, checked(answer, 'listing the stores of old primaries', 'neo4j').output);
    }),
  );
  return found.flat();
}

function besideNode({ image, volumeNames }: NodeHandle): Promise<CommandResult> {
  return runOneOff({
    image,
    entrypoint: ['/bin/sh', '-c'],
    command: [askForStores],
    binds: [`${volumeNames.data}:/data:ro`],
    labels: { [labelNames.engine]: 'neo4j' },
  });
}

/** Stores of old primaries, with what they alone had: the one that such a node has still, and those that were kept. */
export function oldStores(node: string, output: string): readonly LeftOut[] {
  const [role, ...kept] = output.split('\n');
  const stores = [
    ...(role === 'diverged' ? [`the store of ${node}`] : []),
    ...kept
      .filter((name) => name !== '')
      .map((name) => `the store in ${JSON.stringify(`/data/kept/${name}`)} of ${node}`),
  ];
  const why = 'another node was promoted over it, and a backup is of the one that takes writes';
  return stores.map((what) => ({ what, why }));
}

/** What is in the node's container and not in its image: `docker diff`, where 2 is a file that was removed. */
async function filesInFolders({ containerId }: NodeHandle): Promise<readonly string[]> {
  const changes = (await (await docker()).getContainer(containerId).changes()) as
    | readonly { readonly Path: string; readonly Kind: number }[]
    | null;
  return (changes ?? []).flatMap(({ Path, Kind }) => (Kind !== 2 && ownFolders.test(Path) ? [Path] : []));
}
