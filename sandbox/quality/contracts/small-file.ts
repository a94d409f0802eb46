import { readFile, stat } from 'node:fs/promises';

/** A hundred times the largest contract of the platform. What is larger is something else, and YAML takes seconds to read it. */
const sizeBytesMax = 1_048_576;

/** Text of a contract or a query. Throws for what is no file, which might be waited for without an end, and for more than 1 MiB. */
export async function readSmallFile(file: string): Promise<string> {
  const found = await stat(file);
  if (!found.isFile()) throw new Error('it is no file');
  if (found.size > sizeBytesMax)
    throw new Error(`it has ${found.size} bytes, and a file of contracts has 1 MiB at most`);
  return readFile(file, 'utf8');
}
