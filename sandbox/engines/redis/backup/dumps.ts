import type { BackupManifest } from '../../contract/backup.ts';
import { backupRefused } from '../../shared/backup/backup-files.ts';
import { readSmallPart } from '../../shared/backup/small-part.ts';
import { type Master, type Slots, slotCount } from '../server/masters.ts';

/** The dump of a server that holds everything. */
export const dumpFile = 'dump.rdb';

/** Which dump has which slots, in a backup of a cluster: `{"dump-1.rdb": [[0, 5460]], ...}`. */
export const slotsFile = 'slots.json';

export const dumpFileOf = (index: number) => `dump-${index + 1}.rdb`;

/** A dump of a backup, and the slots whose keys are in it. */
export interface Dump {
  readonly path: string;
  readonly slots: readonly Slots[];
}

export function slotsText(dumps: readonly Dump[]): string {
  return `${JSON.stringify(Object.fromEntries(dumps.map(({ path, slots }) => [path, slots])), undefined, 2)}\n`;
}

/** The dumps of a backup. Throws `BACKUP_PART_UNREADABLE` where its files are not those of a backup of Redis. */
export async function readDumps(directory: string, manifest: BackupManifest): Promise<readonly Dump[]> {
  const paths = manifest.parts.map(({ path }) => path);
  if (paths.includes(dumpFile)) return [{ path: dumpFile, slots: [[0, slotCount - 1]] }];
  if (!paths.includes(slotsFile)) throw unreadable(`it has neither ${dumpFile} nor ${slotsFile}`);
  const dumps = parse((await readSmallPart(directory, manifest, slotsFile)).toString('utf8'));
  const named = dumps.map(({ path }) => path);
  const files = paths.filter((path) => /^dump-\d+\.rdb$/.test(path));
  if (named.length === 0 || files.length !== named.length || !named.every((path) => files.includes(path))) {
    throw unreadable(`${slotsFile} does not name the dumps that are there`);
  }
  return dumps;
}

function parse(text: string): readonly Dump[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable(`${slotsFile} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw unreadable(`${slotsFile} is no object`);
  return Object.entries(value).map(([path, slots]) => {
    if (!Array.isArray(slots) || slots.length === 0 || !slots.every(isRange)) {
      throw unreadable(`${slotsFile} has slots that there are not`);
    }
    return { path, slots: slots as readonly Slots[] };
  });
}

function isRange(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [first, last] = value as readonly unknown[];
  const isSlot = (slot: unknown) => Number.isInteger(slot) && Number(slot) >= 0 && Number(slot) < slotCount;
  return isSlot(first) && isSlot(last) && Number(first) <= Number(last);
}

/** Dumps that a master has to read. */
export interface DumpsOfMaster {
  readonly paths: readonly string[];
  /** Whether they hold keys of that master's slots alone. */
  readonly exact: boolean;
}

/**
 * Dumps of each master, in the order of `masters`. Where each dump is of just the slots of one master, that one;
 * otherwise all of them, and every master keeps the keys of its own slots: what `slots.json` says decides nothing then.
 */
export function dumpsFor(masters: readonly Master[], dumps: readonly Dump[]): readonly DumpsOfMaster[] {
  const keyOf = (slots: readonly Slots[]) => JSON.stringify(slots);
  const bySlots = new Map(dumps.map(({ path, slots }) => [keyOf(slots), path]));
  const matching = masters.map(({ slots }) => bySlots.get(keyOf(slots)));
  const isSame = masters.length === dumps.length && new Set(matching).size === masters.length;
  return masters.map((_, index) => {
    const own = matching[index];
    return isSame && own !== undefined
      ? { paths: [own], exact: true }
      : { paths: dumps.map(({ path }) => path), exact: false };
  });
}

function unreadable(reason: string) {
  return backupRefused('BACKUP_PART_UNREADABLE', 'redis', reason);
}
