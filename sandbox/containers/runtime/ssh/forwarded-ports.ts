import { readFile } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { SandboxError } from '../../../core/errors.ts';
import type { ForwardedFor, Tunnel } from './tunnel-folder.ts';
import { tunnelInUse } from './tunnel-in-use.ts';

/** A container, and the ports of its machine's loopback address that it is published on. */
export interface Published extends ForwardedFor {
  readonly ports: readonly number[];
}

/**
 * Where the engine is one of another machine: leads the same ports of this one's loopback address there, those that do not
 * yet. Returns the ports that another program listens on here. Nothing is done for an engine of this machine.
 */
export async function forwardPorts(containers: readonly Published[]): Promise<readonly number[]> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return [];
  const [{ control }, { forwardedPorts, forwardOf, notePort }] = await Promise.all([
    import('./ssh-client.ts'),
    import('./tunnel-folder.ts'),
  ]);
  const known = await forwardedPorts(tunnel);
  const taken: number[] = [];
  for (const { ports, id, name, stack } of containers) {
    for (const port of ports) {
      if (known.get(port)?.id === id) continue;
      // Asking for what is there already changes nothing (ssh(1), `-O forward`).
      if ((await control(tunnel, 'forward', forwardOf(port))) === undefined) {
        await notePort(tunnel, port, { id, name, stack });
        if (known.size === 0) await requireAllowed(tunnel, port);
      } else taken.push(port);
    }
  }
  return taken;
}

/**
 * A port is listened on here whatever the other machine thinks of it, which says so only to who connects.
 * Throws `SSH_FORWARDING_REFUSED`.
 */
async function requireAllowed(tunnel: Tunnel, port: number): Promise<void> {
  const [{ runThere }, { forwardingRefused }] = await Promise.all([
    import('./ssh-client.ts'),
    import('./ssh-failures.ts'),
  ]);
  const socket = connectTo(port, '127.0.0.1').on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  // What is asked later on the same connection is answered later.
  await runThere(tunnel, 'exit');
  socket.destroy();
  const log = await readFile(tunnel.logFile, 'utf8').catch(() => '');
  if (/administratively prohibited/.test(log)) throw forwardingRefused(tunnel.target, log);
}

/** {@link forwardPorts}, where each has to be had. Throws `PORT_TAKEN`, `SSH_FORWARDING_REFUSED`. */
export async function requireForwarded(containers: readonly Published[]): Promise<void> {
  const [port] = await forwardPorts(containers);
  if (port === undefined) return;
  const name = containers.find(({ ports }) => ports.includes(port))?.name ?? '';
  throw new SandboxError({
    code: 'PORT_TAKEN',
    message: `Port ${port} on this machine's loopback address, which leads to ${name} on the other machine, is taken.`,
    next: 'Stop the program that listens there, or let the stack move, with its data: `npm run sandbox -- up --ports new`.',
    evidence: `ss -ltnp 'sport = :${port}' shows who listens there.`,
  });
}

/** Takes back what is forwarded for containers that are not there any more; `existing` gives the ids of those that are. */
export async function stopForwardingToGone(existing: () => Promise<ReadonlySet<string>>): Promise<void> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return;
  const { forwardedPorts } = await import('./tunnel-folder.ts');
  // In this order: what is forwarded after the containers were listed may be for one that came after.
  const before = new Set([...(await forwardedPorts(tunnel)).values()].map(({ id }) => id));
  const there = await existing();
  await stopForwarding(({ id }) => before.has(id) && !there.has(id));
}

/** Takes back what is forwarded for containers that are gone. */
export async function stopForwarding(isGone: (holder: ForwardedFor) => boolean): Promise<void> {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return;
  const [{ control }, { forgetPort, forwardedPorts, forwardOf }] = await Promise.all([
    import('./ssh-client.ts'),
    import('./tunnel-folder.ts'),
  ]);
  for (const [port, holder] of await forwardedPorts(tunnel)) {
    if (!isGone(holder)) continue;
    await control(tunnel, 'cancel', forwardOf(port));
    await forgetPort(tunnel, port);
  }
}
