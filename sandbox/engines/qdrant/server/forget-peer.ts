import type { NodeHandle } from '../../../containers/nodes/node-spec.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { untilAgreed } from '../../shared/server/until-agreed.ts';
import { askPeer, peersOf } from './peers.ts';

/** What the peers have to agree on takes longer than a question, in milliseconds. */
export const timeoutMs = 10_000;

/** Whether no peer with this node's address is left. `force`: its replicas are given up. */
export async function forget({ secrets }: RunningEngine, survivor: NodeHandle, nodeName: string): Promise<boolean> {
  const { peers } = await peersOf(survivor, secrets);
  const old = [...peers].filter(([, uri]) => new URL(uri).hostname === nodeName);
  for (const [id] of old)
    await askPeer(survivor, secrets, `/cluster/peer/${id}?force=true`, { method: 'DELETE', timeoutMs });
  return old.length === 0;
}

export function eventually<Value>(what: string, attempt: () => Promise<Value | undefined | false>): Promise<Value> {
  return untilAgreed('qdrant', attempt, (last) => `Timed out waiting for this: ${what}. ${last}.`);
}
