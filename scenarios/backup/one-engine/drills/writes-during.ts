import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { RunningEngine } from '../../../../sandbox/engines/contract/topology.ts';
import { bankAccounts, startBalance, type Workloads } from '../../../../sandbox/engines/contract/workloads.ts';
import { rowRandom } from '../../../../seeds/random/random.ts';
import type { Measures } from '../../../run-case.ts';
import { startThrowAway } from '../../../throw-away.ts';
import { backUpNow, type Drill, type DrillSubject, failing, whyWithoutSet } from '../drill.ts';

/** Values that are acknowledged before the backup begins. */
const valuesBefore = 50;

/** What was acknowledged when. */
interface Written {
  readonly beforeBackup: number;
  /** Values were added in order from 0; these many were attempted in all. */
  readonly attempted: number;
  readonly transfers: number;
}

/** One client adds 0, 1, 2, ... and another moves money while the backup is taken. */
export const writesDuringDrill: Drill = {
  name: 'a backup that is taken while clients write holds what was acknowledged before it, and no half of anything',
  notRun: ({ engine }) => whyWithoutSet(engine),
  run: async (subject, measures) => {
    const { engine, backup, context } = subject;
    const workloads = engine.failover?.workloads ?? {};
    const { written, taken } = await backUpUnderLoad(subject);
    await using onDisk = taken;
    measures.consistentPoint = onDisk.manifest.consistentPoint === true ? 'yes' : 'no';
    await using target = await startThrowAway(engine, 'writes during the backup', context);
    await failing('The restore', () => backup.restore(target.running, onDisk.directory, onDisk.manifest));
    // A set or a bank is one table, collection or key: each engine promises a moment for that, whatever for the whole.
    await checkSet(workloads, target.running, written, measures);
    await checkBank(workloads, target.running, measures);
    measures.transfersDuringBackup = written.transfers;
  },
};

async function backUpUnderLoad({ engine, backup, source, context }: DrillSubject) {
  const { set, bank } = engine.failover?.workloads ?? {};
  await set?.prepare(source);
  let stopped = false;
  let attempted = 0;
  let acknowledged = 0;
  let transfers = 0;
  const add = async () => {
    await using client = await set?.open(source);
    while (!stopped) {
      // One after the other: what is in the backup must be a prefix.
      if ((await client?.add(attempted++)) === 'ok') acknowledged = attempted;
      await turn();
    }
  };
  const move = async () => {
    if (bank === undefined) return;
    await using client = await bank.open(source);
    const random = rowRandom(context.seed, 'writes during a backup')(0);
    while (!stopped) {
      const from = random.int(bankAccounts);
      const to = (from + 1 + random.int(bankAccounts - 1)) % bankAccounts;
      if ((await client.transfer(from, to, 1 + random.int(startBalance))) === 'ok') transfers += 1;
      await turn();
    }
  };
  const writers = Promise.allSettled([add(), move()]);
  try {
    while (acknowledged < valuesBefore) await turn();
    const beforeBackup = acknowledged;
    const taken = await backUpNow(backup, source);
    return { taken, written: { beforeBackup, attempted, transfers } };
  } finally {
    stopped = true;
    await writers;
  }
}

async function checkSet(
  { set }: Workloads,
  target: RunningEngine,
  { beforeBackup, attempted }: Written,
  measures: Measures,
): Promise<void> {
  await using client = await set?.open(target);
  const values = [...((await client?.readAll()) ?? [])].toSorted((left, right) => left - right);
  measures.acknowledgedBefore = beforeBackup;
  measures.restored = values.length;
  const there = new Set(values);
  const lost = Array.from({ length: beforeBackup }, (_, value) => value).filter((value) => !there.has(value));
  assert.deepEqual(lost, [], `acknowledged before the backup began, and not in it: ${lost.slice(0, 5).join(', ')}`);
  assert.ok((values.at(-1) ?? 0) < attempted, 'it holds a value that nobody added before it was over');
  assert.equal(values.at(-1), values.length - 1, 'it holds a value without one that was added before it');
}

async function checkBank({ bank }: Workloads, target: RunningEngine, measures: Measures): Promise<void> {
  if (bank === undefined) return;
  await using client = await bank.open(target);
  const total = (await client.readAll()).reduce((sum, balance) => sum + balance, 0);
  measures.bankTotal = total;
  assert.equal(total, bankAccounts * startBalance, 'money was made or lost: half of a transfer is in the backup');
}
