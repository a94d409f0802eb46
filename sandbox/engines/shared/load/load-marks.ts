import type { LoadReport } from '../../contract/data.ts';

/**
 * How far a load has come, as the store itself keeps it: rows of each part that are there for certain. It is written
 * after the rows that it tells of, so it is never ahead of them; rows just after it may be there as well.
 */
export interface LoadMark {
  /** Fingerprint of the dataset that is being loaded. */
  readonly dataset: string;
  /** Rows by part; a part that is not named has none. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Where an engine keeps the mark of an unfinished load, and the fingerprint of a finished one. */
export interface LoadRecords {
  readonly readFingerprint: () => Promise<string | undefined>;
  readonly readMark: () => Promise<LoadMark | undefined>;
  readonly writeMark: (mark: LoadMark) => Promise<void>;
  /** Both, the fingerprint first: data that is about to go must not be taken for complete. */
  readonly forget: () => Promise<void>;
  /** Keeps the fingerprint, then forgets the mark: without either, all of it would be loaded again. */
  readonly finish: (dataset: string) => Promise<void>;
}

/** An unfinished load, under way. */
export interface LoadMarks {
  /** Whether it goes on with what a load that was cut off has left. */
  readonly resumed: boolean;
  /** Rows of a part that were there when it began. */
  readonly rowsOf: (part: string) => number;
  /** All parts together. */
  readonly rowsBefore: number;
  /** Keeps that so many rows of a part are there. Resolves once the store has it. */
  readonly mark: (part: string, rows: number) => Promise<void>;
  /** Records that everything is there, and says what was loaded. */
  readonly finish: (loaded: LoadReport['loaded']) => Promise<LoadReport>;
}

/** What a store keeps about loads, by name; `undefined` is nothing. */
export interface LoadTexts {
  readonly dataset?: string | undefined;
  readonly load?: string | undefined;
}

/** The records of a store that keeps texts by name: `dataset` is the fingerprint, `load` the mark. Writes them in the order given. */
export function textRecords(
  read: (name: keyof LoadTexts) => Promise<string | undefined>,
  write: (texts: LoadTexts) => Promise<void>,
): LoadRecords {
  return {
    readFingerprint: () => read('dataset'),
    readMark: async () => parseMark(await read('load')),
    writeMark: (mark) => write({ load: JSON.stringify(mark) }),
    forget: () => write({ dataset: undefined, load: undefined }),
    finish: (dataset) => write({ dataset, load: undefined }),
  };
}

/**
 * Goes on with an unfinished load of the same dataset, or empties the store and begins. A load that was finished is
 * never gone on with: its data may have been changed since.
 */
export async function beginLoad(dataset: string, records: LoadRecords, empty: () => Promise<void>): Promise<LoadMarks> {
  const [finished, there] = await Promise.all([records.readFingerprint(), records.readMark()]);
  if (finished === undefined && there?.dataset === dataset) return marksFrom(there, true, records);
  await records.forget();
  await empty();
  const begun: LoadMark = { dataset, rows: {} };
  await records.writeMark(begun);
  return marksFrom(begun, false, records);
}

function marksFrom(begun: LoadMark, resumed: boolean, records: LoadRecords): LoadMarks {
  let rows = begun.rows;
  const rowsBefore = Object.values(begun.rows).reduce((sum, count) => sum + count, 0);
  // One write after the other: the last one to be asked for is the last one in the store.
  let writing = Promise.resolve();
  return {
    resumed,
    rowsOf: (part) => begun.rows[part] ?? 0,
    rowsBefore,
    mark(part, count) {
      rows = { ...rows, [part]: count };
      writing = writing.then(() => records.writeMark({ dataset: begun.dataset, rows }));
      return writing;
    },
    async finish(loaded) {
      await records.finish(begun.dataset);
      return loadReport(loaded, { resumed, rowsBefore });
    },
  };
}

/** What a load has done, with where it went on from if it did. */
export function loadReport(
  loaded: LoadReport['loaded'],
  { resumed, rowsBefore }: Pick<LoadMarks, 'resumed' | 'rowsBefore'>,
): LoadReport {
  return resumed ? { loaded, resumedFrom: rowsBefore } : { loaded };
}

/** A mark as text, for stores that keep one. Anything else than a mark of ours is none. */
export function parseMark(text: string | null | undefined): LoadMark | undefined {
  if (text === null || text === undefined || text === '') return undefined;
  const mark = JSON.parse(text) as Partial<LoadMark>;
  return typeof mark.dataset === 'string' && mark.rows !== undefined
    ? { dataset: mark.dataset, rows: mark.rows }
    : undefined;
}
