import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** Lines around each change. */
const context = 2;

/** A unified diff for people, as `diff -u` writes it: what is there and what is wanted of `file`, moved lines too. */
export function unifiedDifference(file: string, there: string, wanted: string): string {
  const options = { context, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(file, file, there, wanted, 'there', 'wanted', options).replace(/\n$/, '');
}
