import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectContainer } from '../../containers/nodes/nodes.ts';
import { type FoundContainer, findAllContainers } from '../../containers/runtime/objects.ts';
import { findStackFolder, keptStacks } from './stack-folder.ts';

/** Which of all containers and kept stacks are the asker's own: it knows their ports itself. */
export interface Own {
  readonly container: (found: FoundContainer) => boolean;
  /** Default: none. */
  readonly stackName?: string;
}

/**
 * Host ports that others on this machine count on, though nobody may listen there now: those of containers of ours, down or not,
 * and those that stacks without containers have written down. Whoever took one would keep its node from starting again.
 */
export async function portsOfOthers({ container: isOwn, stackName: ownName }: Own): Promise<ReadonlySet<number>> {
  const [containers, names] = await Promise.all([findAllContainers(), keptStacks()]);
  const ports = await Promise.all([
    ...containers.filter((found) => !isOwn(found)).map(portsOfContainer),
    ...names.filter((name) => name !== ownName).map(rememberedPorts),
  ]);
  return new Set(ports.flat());
}

/** One that is down is listed without its ports. */
async function portsOfContainer({ id, running, paused, hostPorts }: FoundContainer): Promise<readonly number[]> {
  if (running || paused) return Object.values(hostPorts);
  const bindings = (await inspectContainer(id))?.HostConfig.PortBindings ?? {};
  const all = Object.values(bindings as Readonly<Record<string, readonly { readonly HostPort?: string }[] | null>>);
  return all.flatMap((each) => each ?? []).map(({ HostPort }) => Number(HostPort));
}

/** A file that cannot be understood is told of by who needs it. */
async function rememberedPorts(name: string): Promise<readonly number[]> {
  const folder = await findStackFolder(name);
  if (folder === undefined) return [];
  try {
    const { hostPorts } = JSON.parse(await readFile(join(folder, `${name}.state.json`), 'utf8'));
    return Object.values(hostPorts as Readonly<Record<string, number>>);
  } catch {
    return [];
  }
}
