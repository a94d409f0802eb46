import { type FileRow, rowBytesMax, tooLong } from '../check/row-limits.ts';
import { parseExactJson } from './exact-json.ts';
import type { RowFile } from './row-file.ts';
import { textChunks } from './text-chunks.ts';

/** One JSON document a line. Lines end at line feeds alone: U+2028 and the like are text. */
export async function* readNdjson(file: RowFile): AsyncGenerator<FileRow> {
  let line = 0;
  for await (const text of linesOf(textChunks(file))) {
    line += 1;
    if (text === undefined) yield { line, problem: tooLong };
    else if (!/^[ \t\r]*$/.test(text)) yield { line, ...parseExactJson(text) };
  }
}

/** Lines without their ends; `undefined` for one that is too long, of which no more than that is held. */
async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string | undefined> {
  let parts: string[] = [];
  let sizeBytes = 0;
  const add = (part: string) => {
    sizeBytes += Buffer.byteLength(part);
    if (sizeBytes > rowBytesMax) parts = [];
    else if (part !== '') parts.push(part);
  };
  const take = () => {
    const line = sizeBytes > rowBytesMax ? undefined : parts.join('');
    [parts, sizeBytes] = [[], 0];
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      add(chunk.slice(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.slice(start));
  }
  if (sizeBytes > 0) yield take();
}
