import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandboxError } from '../sandbox/core/errors.ts';
import type { Backup, BackupManifest, Engine, Fingerprint, RunningEngine } from '../sandbox/engines/engine.ts';
import { type Damage, damages } from './backup-damages.ts';
import type { CaseResult } from './results.ts';
import { type CasePlace, runCase } from './run-case.ts';
import type { SuiteContext } from './suite-context.ts';

const suite = 'backup-restore';

/** Names of the cases, in order: what could not begin is reported under the first one. */
const caseNames = {
  backUp: 'a backup is written and described',
  restore: 'a restore into a fresh node gives the same fingerprint, part by part',
  write: 'the restored store takes a write',
} as const;

/** A backup on disk and what the store held when it was made. */
export interface TakenBackup extends AsyncDisposable {
  readonly result: CaseResult;
  readonly directory: string;
  /** Both absent where it could not be made. */
  readonly manifest?: BackupManifest;
  readonly fingerprint?: Fingerprint;
}

/** First half of the suite: backs the loaded stack up. Dispose of the result to remove the files. */
export async function takeBackup(
  engine: Engine,
  backup: Backup,
  running: RunningEngine,
  context: SuiteContext,
): Promise<TakenBackup> {
  const folder = await mkdtemp(join(tmpdir(), 'taishang-backup-'));
  const directory = join(folder, engine.name);
  await mkdir(directory);
  let taken: { manifest: BackupManifest; fingerprint: Fingerprint } | undefined;
  const result = await runCase(placeOf(running), caseNames.backUp, context, async (measures) => {
    const fingerprint = await engine.fingerprint(running);
    const startedMs = performance.now();
    const manifest = await failing('The backup', () => backup.backUp(running, directory));
    measures.backupMs = Math.round(performance.now() - startedMs);
    measures.backupBytes = manifest.parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
    measures.method = manifest.method;
    assert.ok(manifest.parts.length > 0, 'the manifest names no file');
    taken = { manifest, fingerprint };
  });
  return {
    result,
    directory,
    ...taken,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * Second half: what is damaged is refused by a fresh node; then the good backup goes into the same node, which shows
 * that the refusals left it as it was.
 */
export async function restoreBackup(
  engine: Engine,
  backup: Backup,
  target: RunningEngine,
  taken: Required<TakenBackup>,
  context: SuiteContext,
): Promise<readonly CaseResult[]> {
  const place = placeOf(target);
  const results: CaseResult[] = [];
  for (const damage of damages) {
    results.push(
      await runCase(place, `${damage.name} is refused`, context, () => requireRefusal(backup, target, taken, damage)),
    );
  }
  results.push(
    await runCase(place, caseNames.restore, context, async (measures) => {
      const startedMs = performance.now();
      await failing('The restore', () => backup.restore(target, taken.directory, taken.manifest));
      measures.restoreMs = Math.round(performance.now() - startedMs);
      requireSame(taken.fingerprint, await engine.fingerprint(target));
    }),
    await runCase(place, caseNames.write, context, () => backup.writeAfterwards(target)),
  );
  return results;
}

function placeOf(running: RunningEngine): CasePlace {
  return { suite, engine: running.engine, topology: running.topology, origin: running.image.origin };
}

async function requireRefusal(
  backup: Backup,
  target: RunningEngine,
  { directory, manifest }: Required<TakenBackup>,
  damage: Damage,
): Promise<void> {
  const copy = `${directory}-damaged`;
  try {
    const changed = await damage.make(directory, copy, manifest);
    const refusal = await backup.restore(target, copy, changed).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(refusal !== undefined, `${damage.name} was restored without complaint`);
    if (!(refusal instanceof SandboxError)) throw refusal;
    assert.equal(refusal.code, damage.code, refusal.message);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Names every part that differs, not only the first. */
function requireSame(before: Fingerprint, after: Fingerprint): void {
  const names = new Set([...Object.keys(before.parts), ...Object.keys(after.parts)]);
  assert.ok(names.size > 0, 'the fingerprint has no part');
  const different = [...names].filter((name) => before.parts[name] !== after.parts[name]).toSorted();
  assert.deepEqual(different, [], `after the restore these parts are not the same: ${different.join(', ')}`);
}

/** These errors are what the suite looks for: findings, not a question that could not be decided. */
async function failing<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof SandboxError) || !/^(BACKUP|RESTORE)_/.test(thrown.code)) throw thrown;
    const evidence = thrown.evidence === undefined ? '' : `\n${thrown.evidence}`;
    throw new assert.AssertionError({ message: `${what} did not succeed: ${thrown.message}${evidence}` });
  }
}
