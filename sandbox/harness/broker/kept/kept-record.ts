import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePrivateFile } from '../../../core/files/private-files.ts';
import { schemaCheck } from '../../../core/schema-check.ts';
import { ensureStackFolder, stackFolder } from '../../../stack/state/stack-folder.ts';
import type { StackIdentity } from '../../../stack/state/stack-identity.ts';
import type { Places } from '../protocol/messages.ts';

/** The lease of a failed test, which outlives its broker: `kept-lease.schema.json` is the same. */
export interface KeptLease {
  readonly id: string;
  readonly label: string;
  readonly processId: number;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly places: Places;
}

/** Where the leases of failed tests are written down. */
export interface KeptRecord {
  readonly read: () => Promise<readonly KeptLease[]>;
  readonly write: (leases: readonly KeptLease[]) => Promise<void>;
}

/** A file in the stack's folder that only its owner can read: passwords are in it. */
export function keptRecord({ directory, name }: StackIdentity): KeptRecord {
  const file = `${name}.leases.json`;
  return {
    async read() {
      const text = await readFile(join(await stackFolder(directory, name), file), 'utf8').catch(() => '[]');
      return leasesOf(text);
    },
    async write(leases) {
      await writePrivateFile(
        join(await ensureStackFolder(directory, name), file),
        JSON.stringify(leases, undefined, 2),
      );
    },
  };
}

const problemOf = schemaCheck(join(import.meta.dirname, 'kept-lease.schema.json'));

/** What cannot be understood is of no use: its stores are swept as those of a broker that was killed. */
function leasesOf(text: string): readonly KeptLease[] {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found.filter((each) => problemOf(each) === undefined) : [];
  } catch {
    return [];
  }
}
