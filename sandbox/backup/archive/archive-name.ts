const prefix = 'taishang-backup-';
const suffix = '.tar.gz';
const timePattern = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/;

/** `20260827_093015`: UTC, to the second. Name of the one folder in an archive. */
export function folderNameAt(moment: Date): string {
  return moment
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replaceAll(/[-:]/g, '')
    .replace('T', '_');
}

/** `taishang-backup-20260827_093015.tar.gz`. */
export function archiveNameAt(moment: Date): string {
  return `${prefix}${folderNameAt(moment)}${suffix}`;
}

/** When the archive of this name was begun; `undefined` where it is no name of an archive. */
export function momentOfArchive(name: string): Date | undefined {
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const folder = name.slice(prefix.length, -suffix.length);
  const [, year, month, day, hour, minute, second] = timePattern.exec(folder) ?? [];
  if (year === undefined) return undefined;
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** Whether a folder's name is one that {@link folderNameAt} makes. */
export function isArchiveFolder(name: string): boolean {
  return timePattern.test(name);
}
