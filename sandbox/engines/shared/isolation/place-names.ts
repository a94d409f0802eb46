import { randomBytes } from 'node:crypto';
import { sha256Of } from '../../../core/sha256-of.ts';
import type { PlaceOwner } from '../../contract/isolation.ts';
import { firstNode, type RunningEngine } from '../../contract/topology.ts';

/**
 * Name of a place, at most 45 bytes of `[a-z0-9_]`: the mark of its stack, then process and start of the broker that made it,
 * then what is its alone. A server takes it as the name of a database and of a user, and the container engine as part of a
 * name of its own.
 */
const pattern = /^place_([0-9a-f]{8})_([0-9a-z]{1,7})_([0-9a-z]{1,10})_[0-9a-f]{8}$/;

/** Eight hexadecimal digits that tell the places of a stack. */
export function stackMark(running: Pick<RunningEngine, 'nodes'>): string {
  return sha256Of(firstNode(running).network).slice(0, 8);
}

/** A name that no other place has or will have. */
export function placeName(mark: string, { pid, startedAtMs }: PlaceOwner): string {
  return `place_${mark}_${pid.toString(36)}_${Math.trunc(startedAtMs).toString(36)}_${randomBytes(4).toString('hex')}`;
}

/** Whether something bears the name of a place, of whatever stack. */
export function isPlaceName(name: string): boolean {
  return pattern.test(name);
}

/** Who made the place of this name; `undefined` for anything that is no place of the stack with this mark. */
export function ownerOfPlace(name: string, mark: string): PlaceOwner | undefined {
  const [, ofStack, pid = '', startedAt = ''] = pattern.exec(name) ?? [];
  if (ofStack !== mark) return undefined;
  return { pid: Number.parseInt(pid, 36), startedAtMs: Number.parseInt(startedAt, 36) };
}
