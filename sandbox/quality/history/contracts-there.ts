import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { RecordedRun } from './recorded-run.ts';

/** Histories whose contracts are still there: checks of a folder that was removed would be silent for ever, and nobody could run them. */
export async function ofContractsThere(
  histories: readonly (readonly RecordedRun[])[],
): Promise<readonly (readonly RecordedRun[])[]> {
  const areThere = await Promise.all(histories.map((runs) => isThere(runs.at(-1)?.contracts)));
  return histories.filter((_, index) => areThere[index]);
}

/** Of `platform`, and of what is no path of this machine, nothing is known that would say otherwise. */
async function isThere(contracts: string | undefined): Promise<boolean> {
  if (contracts === undefined || !isAbsolute(contracts)) return true;
  return stat(contracts).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => code !== 'ENOENT',
  );
}
