import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { forwardedPorts } from './tunnel-folder.ts';
import { tunnelInUse } from './tunnel-in-use.ts';

/** What a start depends on of the machine that the engine runs on; absent: it could not be seen. */
export interface OtherMachine {
  readonly diskBytes?: number;
  readonly memoryBytes?: number;
  readonly cores?: number;
  readonly hasAvx?: boolean;
  readonly listeningPorts: ReadonlySet<number>;
}

/** Asks the machine that the engine runs on, `engineFolder` being where it keeps its data. `undefined` where it is this one. */
export async function otherMachine(engineFolder = '/'): Promise<OtherMachine | undefined> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return undefined;
  const { runThere } = await import('./ssh-client.ts');
  const script = await readFile(join(import.meta.dirname, 'describe-machine.sh'), 'utf8');
  const folder = `'${engineFolder.replaceAll("'", "'\\''")}'`;
  const said = (await runThere(tunnel, `engine_folder=${folder}\n${script}`)) ?? '';
  return parseMachine(said);
}

/** Reads what `describe-machine.sh` prints. */
export function parseMachine(said: string): OtherMachine {
  const textOf = (name: string) => new RegExp(`^${name} (\\w+)$`, 'm').exec(said)?.[1];
  const numberOf = (name: string, factor: number, key: string) => {
    const value = Number(textOf(name));
    return Number.isFinite(value) && value > 0 ? { [key]: value * factor } : {};
  };
  const avx = textOf('avx');
  return {
    ...numberOf('disk_kibibytes', 1024, 'diskBytes'),
    ...numberOf('memory_kibibytes', 1024, 'memoryBytes'),
    ...numberOf('cores', 1, 'cores'),
    ...(avx === undefined ? {} : { hasAvx: avx === 'yes' }),
    listeningPorts: new Set([...said.matchAll(/^listening ([\dA-F]+)$/gm)].map(([, port]) => Number(`0x${port}`))),
  };
}

/**
 * Whether a port can be had on both machines, where the engine is one of another: what is forwarded for this stack already
 * counts as free on this one. `undefined` where the engine is one of this machine.
 */
export async function portCheckOnBoth(
  stack: string,
  isFreeHere: (port: number) => Promise<boolean>,
): Promise<((port: number) => Promise<boolean>) | undefined> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return undefined;
  const [there, forwarded] = await Promise.all([otherMachine(), forwardedPorts(tunnel)]);
  return async (port) =>
    there?.listeningPorts.has(port) !== true && (forwarded.get(port)?.stack === stack || (await isFreeHere(port)));
}
