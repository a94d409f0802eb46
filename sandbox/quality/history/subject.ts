import { join } from 'node:path';
import { qualityHistoryName } from '../../stack/state/quality-histories.ts';
import { stackFolder } from '../../stack/state/stack-folder.ts';
import { shortHash, stackIdentity } from '../../stack/state/stack-identity.ts';
import { stateDirectory } from '../../stack/state/state-directory.ts';
import { platformContracts } from '../contracts/read-contracts.ts';
import type { QualityOptions } from '../target.ts';

/** What runs have to have in common for a trend: their stores and their contracts. */
export type Subject = Pick<QualityOptions, 'directory' | 'name' | 'contracts' | 'servers'>;

/** Folder of the contracts, or `platform`. */
export function contractsOf({ contracts = platformContracts }: Subject): string {
  return contracts === platformContracts ? 'platform' : contracts;
}

/** Tells subjects of one stack apart: empty for the platform's contracts on the stack, else 8 hexadecimal digits. */
export function subjectKey(subject: Subject): string {
  const contracts = contractsOf(subject);
  const servers = (subject.servers ?? []).map(({ engine, url }) => [engine.name, withoutLogin(url)]).toSorted();
  if (contracts === 'platform' && servers.length === 0) return '';
  return shortHash(JSON.stringify([contracts, servers]));
}

/** File of the runs of a subject: in the stack's folder, or, of servers by their addresses, in the project's `.sandbox`. */
export async function historyFile(subject: Subject): Promise<string> {
  const { directory, name } = stackIdentity(subject);
  const key = subjectKey(subject);
  if ((subject.servers ?? []).length > 0) return join(stateDirectory(directory), 'quality', `servers-${key}.ndjson`);
  return join(await stackFolder(directory, name), qualityHistoryName(name, key));
}

/** Passwords change, the server stays. */
function withoutLogin(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
