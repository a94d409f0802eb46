import type { ArchiveSummary } from '../archive/archive-summary.ts';

/** One archive as a storage has it. */
export interface StoredArchive {
  readonly name: string;
  readonly sizeBytes: number;
}

/** A place where archives are kept. An archive appears in it whole or not at all. */
export interface Storage {
  /** For people: a folder's path, a bucket's address. */
  readonly description: string;
  /** Refuses a place that cannot be written to, before anything is made for it. Absent: nothing tells before. */
  prepare?(): Promise<void>;
  /** Archives by their names, the oldest first. What is not named like an archive is not ours, and is left out. */
  list(): Promise<readonly StoredArchive[]>;
  /** Keeps a copy of a file under a name that is not taken yet. Throws `STORAGE_FULL`, `STORAGE_DENIED`, `BACKUP_FAILED`. */
  store(
    file: string,
    name: string,
    options: { progress?: (doneBytes: number, totalBytes: number) => void; signal?: AbortSignal },
  ): Promise<void>;
  /** Copies an archive into a file that is not there yet. Throws `BACKUP_NOT_FOUND`. */
  fetch(
    name: string,
    file: string,
    options: { progress?: (doneBytes: number, totalBytes: number) => void; signal?: AbortSignal },
  ): Promise<void>;
  /** What the manifest of an archive says of it; `undefined` where that cannot be told. */
  summaryOf(name: string): Promise<ArchiveSummary | undefined>;
  /** Removes an archive; one that is not there is no error. */
  remove(name: string): Promise<void>;
}
