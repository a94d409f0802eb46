import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import { isRunning } from '../../../containers/nodes/nodes.ts';
import { checked, execInNode } from '../../../containers/runtime/exec.ts';
import { runConcurrently } from '../../../core/run-concurrently.ts';
import type { LeftOut } from '../../contract/backup.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openClient } from '../server/connection.ts';
import { mastersOf } from '../server/masters.ts';
import { ownUserLine } from '../server/topologies.ts';
import { ownUser, shown } from './acl-file.ts';
import { userLines, usersOf } from './users.ts';

/**
 * What a server holds and a backup does not: rights of the stack's own user that were changed, users that Redis itself could
 * not read again, users and functions that nodes have each for themselves, and settings that no file has.
 */
export async function leftOut(running: RunningEngine): Promise<readonly LeftOut[]> {
  const masters = (await mastersOf(running)).map(({ node }) => node);
  const [first] = masters;
  if (first === undefined) return [];
  const found = await Promise.all([
    changesOfOwnUser(running, first),
    unreadableUsers(running, first),
    otherUsers(running, first),
    otherFunctions(running, masters),
    changedSettings(running, first),
  ]);
  return found.flat();
}

async function changesOfOwnUser({ secrets }: RunningEngine, node: NodeHandle): Promise<readonly LeftOut[]> {
  await using client = await openClient(node, secrets);
  const lines = (await client.acl('LIST')) as string[];
  const withoutDefaults = (line: string) => line.replace(' sanitize-payload', '').trim();
  const own = lines.find((line) => line.startsWith(`user ${ownUser} `)) ?? '';
  if (withoutDefaults(own) === withoutDefaults(ownUserLine(secrets.default ?? ''))) return [];
  return [{ what: `the rules of user "${ownUser}" that were changed`, why: "they are the stack's own" }];
}

async function unreadableUsers({ secrets }: RunningEngine, node: NodeHandle): Promise<readonly LeftOut[]> {
  await using client = await openClient(node, secrets);
  const { unreadable } = await usersOf(client);
  return unreadable.map((name) => ({
    what: `user ${name}`,
    why: 'Redis writes its rules so that it cannot read them',
  }));
}

/** Users are each node's own. A follower that is down cannot be asked; what one that is silent has is not known. */
async function otherUsers(running: RunningEngine, first: NodeHandle): Promise<readonly LeftOut[]> {
  const linesOf = async (node: NodeHandle, options?: { readonly commandTimeoutMs: number }) => {
    await using client = await openClient(node, running.secrets, options);
    return userLines(client);
  };
  const known = new Set(await linesOf(first));
  const others = running.nodes.filter((node) => node !== first);
  const found = await runConcurrently(others, async (node) => {
    if (!(await isRunning(node))) return [];
    const lines = await linesOf(node, { commandTimeoutMs: 5_000 }).catch(() => undefined);
    if (lines === undefined)
      return [{ what: `users of ${node.name}`, why: 'it gives no answer, and may have some of its own' }];
    return lines
      .filter((line) => !known.has(line))
      .map((line) => ({
        what: `user ${shown(line.split(' ')[1] ?? '')} of ${node.name}`,
        why: `the users in it are those of ${first.name}`,
      }));
  });
  return found.flat();
}

/** Libraries of one name that differ: in another layout one would take the other's place. */
async function otherFunctions(running: RunningEngine, masters: readonly NodeHandle[]): Promise<readonly LeftOut[]> {
  const seen = new Map<string, string>();
  const found: LeftOut[] = [];
  for (const node of masters) {
    await using client = await openClient(node, running.secrets);
    for (const [name, code] of await librariesOf(client)) {
      const other = seen.get(name);
      seen.set(name, other ?? code);
      if (other === undefined || other === code) continue;
      const why = 'another master has another one of that name, and only one of them can be restored everywhere';
      found.push({ what: `function library ${shown(name)} of ${node.name}`, why });
    }
  }
  return found;
}

async function librariesOf(
  client: Awaited<ReturnType<typeof openClient>>,
): Promise<readonly (readonly [string, string])[]> {
  const libraries = (await client.function('LIST', 'WITHCODE')) as unknown[][];
  const field = (library: unknown[], name: string) => String(library[library.indexOf(name) + 1]);
  return libraries.map((library) => [field(library, 'library_name'), field(library, 'library_code')] as const);
}

/** What `CONFIG SET` has changed: a server that is started on the node's files beside it says what those give. */
async function changedSettings(running: RunningEngine, node: NodeHandle): Promise<readonly LeftOut[]> {
  const script = await readFile(join(import.meta.dirname, '..', 'scripts', 'settings-of-files.sh'), 'utf8');
  const ended = await execInNode(node, ['sh', '-c', script]);
  const ofFiles = pairsOf(checked(ended, 'Reading the settings of the files', 'redis').output.split('\n'));
  await using client = await openClient(node, running.secrets);
  const live = pairsOf((await client.config('GET', '*')) as string[]);
  return [...live]
    .filter(([name, value]) => !ownOfProcess.test(name) && ofFiles.has(name) && ofFiles.get(name) !== value)
    .map(([name]) => ({ what: `setting ${name}`, why: 'it was set at run time, and the next start forgets it' }));
}

/** Where a server listens and keeps its files, and whom it follows. A cluster has one database, whatever its file says. */
const ownOfProcess = /^(databases|port|unixsocket|dir|aclfile|replicaof|slaveof|cluster-.*|tls-.*)$/;

function pairsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    flat.flatMap((name, index) => (index % 2 === 0 ? [[name.trim(), (flat[index + 1] ?? '').trim()] as const] : [])),
  );
}
