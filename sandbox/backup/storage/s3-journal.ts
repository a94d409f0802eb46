import { readFile, rm, writeFile } from 'node:fs/promises';
import { replaceFile } from '../../core/files/replace-file.ts';

/** What a later run must know to go on with an upload. It holds no credentials. */
export interface UploadJournal {
  readonly version: 1;
  readonly endpoint: string | null;
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly sizeBytes: number;
  readonly partBytes: number;
}

/** What a later run must know to go on with a download. */
export interface DownloadJournal {
  readonly version: 1;
  readonly bucket: string;
  readonly key: string;
  /** Of the object whose beginning is here; another one begins anew. */
  readonly etag: string;
}

/** Name of the note beside an archive that was not sent completely. */
export function uploadJournalOf(file: string): string {
  return `${file}.upload.json`;
}

/** Name of the note beside `<file>.partial`. */
export function downloadJournalOf(file: string): string {
  return `${file}.partial.json`;
}

/** On disk when this returns, so that a machine that loses power does not forget an upload that it pays for. */
export async function writeJournal(path: string, journal: UploadJournal | DownloadJournal): Promise<void> {
  const partial = `${path}.new`;
  await writeFile(partial, `${JSON.stringify(journal)}\n`, { mode: 0o600 });
  await replaceFile(partial, path);
}

/** `undefined` where there is none, or none that can be understood: everything begins anew then. */
export async function readJournal<Journal extends UploadJournal | DownloadJournal>(
  path: string,
): Promise<Journal | undefined> {
  try {
    const journal = JSON.parse(await readFile(path, 'utf8')) as Journal;
    return journal.version === 1 ? journal : undefined;
  } catch {
    return undefined;
  }
}

export async function removeJournal(path: string): Promise<void> {
  await rm(path, { force: true });
}
