import type { Tunnel } from './tunnel-folder.ts';

let inUse: Tunnel | undefined;

/** The tunnel that this process has opened, if it uses an engine of another machine. Loads nothing of what opens it. */
export function tunnelInUse(): Tunnel | undefined {
  return inUse;
}

export function useTunnel(tunnel: Tunnel | undefined): void {
  inUse = tunnel;
}
