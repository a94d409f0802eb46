import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { execInNode } from '../../../sandbox/containers/runtime/exec.ts';
import type { Backup, BackupManifest } from '../../../sandbox/engines/contract/backup.ts';
import type { Fingerprint } from '../../../sandbox/engines/contract/data.ts';
import type { EngineWith } from '../../../sandbox/engines/contract/engine.ts';
import type { RunningEngine } from '../../../sandbox/engines/contract/topology.ts';
import type { CaseResult } from '../../results.ts';
import { notRun, runCase } from '../../run-case.ts';
import type { SuiteContext } from '../../suite-context.ts';
import { allDamages, type Damage, quickDamages } from './damages.ts';
import { type BackupOnDisk, backUpNow, dataPathOf, failing, placeOf, requireRefusal, requireSame } from './drill.ts';
import { serverIsRoot } from './server-user.ts';

/** Names of the cases, in order: what could not begin is reported under the first one. */
export const caseNames = {
  backUp: 'a backup is written and described',
  restore: 'a restore into a fresh node gives the same fingerprint, part by part',
  write: 'the restored store takes a write',
  password: 'a store that refuses the password is refused',
  rights: 'a store whose server may not write its own data is refused',
  again: 'a second restore over the data of the first is refused, and changes nothing',
} as const;

/** A backup on disk and what the store held when it was made. */
export interface TakenBackup extends AsyncDisposable {
  readonly result: CaseResult;
  /** Both absent where it could not be made. */
  readonly onDisk?: BackupOnDisk;
  readonly fingerprint?: Fingerprint;
}

/** First half of the suite: backs the loaded stack up. Dispose of the result to remove the files. */
export async function takeBackup(
  engine: EngineWith<'data'>,
  backup: Backup,
  running: RunningEngine,
  context: SuiteContext,
): Promise<TakenBackup> {
  let taken: { readonly onDisk: BackupOnDisk; readonly fingerprint: Fingerprint } | undefined;
  const result = await runCase(placeOf(running), caseNames.backUp, context, async (measures) => {
    const fingerprint = await engine.data.fingerprint(running);
    const onDisk = await backUpNow(backup, running);
    taken = { onDisk, fingerprint };
    measures.backupMs = Math.round(onDisk.durationMs);
    measures.backupBytes = onDisk.manifest.parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    measures.method = onDisk.manifest.method;
    measures.position = onDisk.manifest.position;
    const { consistentPoint } = onDisk.manifest;
    measures.consistentPoint = consistentPoint === true ? 'yes' : `no: ${consistentPoint.no}`;
    assert.ok(onDisk.manifest.parts.length > 0, 'the manifest names no file');
  });
  return {
    result,
    ...taken,
    [Symbol.asyncDispose]: async () => taken?.onDisk[Symbol.asyncDispose](),
  };
}

/** What the second half works with. */
interface Restore {
  readonly engine: EngineWith<'data'>;
  readonly backup: Backup;
  readonly target: RunningEngine;
  readonly directory: string;
  readonly manifest: BackupManifest;
  readonly fingerprint: Fingerprint;
  readonly context: SuiteContext;
}

/**
 * Second half: what is damaged, and targets that will not do, are refused; then the good backup goes into the same
 * node, which shows that the refusals left it as it was.
 */
export async function restoreBackup(restore: Restore): Promise<readonly CaseResult[]> {
  const { target, manifest, context } = restore;
  const place = placeOf(target);
  const ask = (name: string, work: Parameters<typeof runCase>[3]) => runCase(place, name, context, work);
  const isFull = context.depth === 'full';
  const results: CaseResult[] = [];
  for (const damage of isFull ? allDamages(manifest) : quickDamages) {
    results.push(await ask(`${damage.name} is refused`, () => refuseDamaged(restore, damage)));
  }
  if (isFull) {
    results.push(await ask(caseNames.password, () => refuseWrongPassword(restore)));
    results.push(await withoutRights(restore));
  }
  results.push(
    await ask(caseNames.restore, (measures) => restoreWhole(restore, measures)),
    await ask(caseNames.write, () => restore.backup.writeAfterwards(target)),
  );
  if (isFull) results.push(await ask(caseNames.again, () => refuseSecond(restore)));
  return results;
}

async function restoreWhole(restore: Restore, measures: Record<string, number | string>): Promise<void> {
  const { engine, backup, target, directory, manifest, fingerprint } = restore;
  const startedMs = performance.now();
  await failing('The restore', () => backup.restore(target, directory, manifest));
  measures.restoreMs = Math.round(performance.now() - startedMs);
  requireSame(fingerprint, await engine.data.fingerprint(target));
}

async function refuseDamaged({ backup, target, directory, manifest }: Restore, damage: Damage): Promise<void> {
  const copy = `${directory}-damaged`;
  try {
    const changed = await damage.make(directory, copy, manifest);
    await requireRefusal(damage.name, damage.code, () => backup.restore(target, copy, changed));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function refuseWrongPassword({ backup, target, directory, manifest }: Restore): Promise<void> {
  const secrets = Object.fromEntries(Object.entries(target.secrets).map(([name, value]) => [name, `${value}x`]));
  await requireRefusal('a wrong password', 'RESTORE_PASSWORD_WRONG', () =>
    backup.restore({ ...target, secrets }, directory, manifest),
  );
}

async function refuseSecond({ engine, backup, target, directory, manifest }: Restore): Promise<void> {
  const before = await engine.data.fingerprint(target);
  await requireRefusal('a second restore', 'RESTORE_TARGET_NOT_EMPTY', () =>
    backup.restore(target, directory, manifest),
  );
  requireSame(before, await engine.data.fingerprint(target), 'after the refusal');
}

/** Takes the right to write from the folder of the data for a moment. */
async function withoutRights(restore: Restore): Promise<CaseResult> {
  const { backup, target, directory, manifest, context } = restore;
  const place = placeOf(target);
  const [node] = target.nodes;
  const path = dataPathOf(restore.engine, target);
  if (node === undefined || path === undefined) return notRun(place, caseNames.rights, 'it has no folder of its own');
  if (await serverIsRoot(node)) {
    return notRun(place, caseNames.rights, 'the server of this image is root, whom no permission keeps from writing');
  }
  return runCase(place, caseNames.rights, context, async () => {
    const mode = (await execInNode(node, ['stat', '-c', '%a', path], { user: 'root' })).output.trim();
    await execInNode(node, ['chmod', 'a-w', path], { user: 'root' });
    try {
      await requireRefusal('a folder without rights', 'RESTORE_NO_RIGHTS', () =>
        backup.restore(target, directory, manifest),
      );
    } finally {
      await execInNode(node, ['chmod', mode, path], { user: 'root' });
    }
  });
}
