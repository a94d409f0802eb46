/** A row of a file before it is checked, or why it is none. `line` is where it begins; in Parquet it is its number. */
export type FileRow = { readonly line: number } & ({ readonly value: unknown } | { readonly problem: string });

/** Bytes of one row of a file, as UTF-8, at most: twice what the largest document of MongoDB has. */
export const rowBytesMax = 32 * 2 ** 20;

export const tooLong = `is longer than ${rowBytesMax / 2 ** 20} MiB, which is the most that a row may have`;
