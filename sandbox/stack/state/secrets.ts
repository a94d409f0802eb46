import { randomBytes } from 'node:crypto';
import type { Secrets } from '../../engines/contract/topology.ts';

/** Random passwords, 192 bits each, of letters and digits that need no escaping in a URI or a shell. */
export function generateSecrets(names: readonly string[], known: Secrets = {}): Secrets {
  return Object.fromEntries(names.map((name) => [name, known[name] ?? randomBytes(24).toString('hex')]));
}
