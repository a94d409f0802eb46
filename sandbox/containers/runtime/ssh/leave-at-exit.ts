import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { isOwnerAlive, ownerOfThisProcess } from '../owner.ts';
import { exitArguments } from './ssh-client.ts';
import { lockFileOf } from './tunnel-folder.ts';
import { tunnelInUse } from './tunnel-in-use.ts';

/** How long the process in the background may take to end, in milliseconds. */
const endTimeoutMs = 2_000;

let isRegistered = false;

/** Has a process that ends without having left its tunnel leave it then, as one that uses the sandbox as a library. */
export function leaveAtExit(): void {
  if (isRegistered || !isMainThread) return;
  isRegistered = true;
  process.once('exit', leaveNow);
}

/** `leaveTunnel` for a process that waits for nothing any more. */
function leaveNow(): void {
  const tunnel = tunnelInUse();
  if (tunnel === undefined) return;
  const { folder } = tunnel;
  try {
    // As proper-lockfile takes it. Whoever has it may be about to use the connection, and closes it later.
    mkdirSync(lockFileOf(tunnel));
  } catch {
    return;
  }
  try {
    rmSync(join(folder, 'users', ownerOfThisProcess()), { force: true });
    const isUsed = readdirSync(join(folder, 'users')).some(isOwnerAlive);
    if (isUsed || readdirSync(join(folder, 'ports')).length > 0) return;
    spawnSync('ssh', exitArguments(tunnel), { cwd: '/', stdio: 'ignore', timeout: endTimeoutMs });
    rmSync(folder, { recursive: true, force: true });
  } finally {
    rmdirSync(lockFileOf(tunnel));
  }
}
