import { createReadStream } from 'node:fs';
import { TextDecoder } from 'node:util';
import { SandboxError } from '../../core/errors.ts';
import type { RowFile } from './row-file.ts';

const bytesPerChunk = 2 ** 16;

/** Marks that begin a file (Unicode Standard, "Byte order mark"), and what they say. */
const marks = [
  { encoding: 'utf-8', bytes: [0xef, 0xbb, 0xbf] },
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const;

/**
 * The text of a file as it is read, without the mark at its beginning. It is UTF-8 unless the mark or `encoding` says
 * otherwise. Throws `IMPORT_REJECTED` with the line where the bytes are no text of that encoding.
 */
export async function* textChunks({ path, encoding }: Pick<RowFile, 'path' | 'encoding'>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  let line = 1;
  const decode = (bytes?: Buffer) => {
    try {
      return (decoder as TextDecoder).decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw notText(path, line + goodLines(bytes, decoder as TextDecoder), (decoder as TextDecoder).encoding);
    }
  };
  for await (const bytes of createReadStream(path, { highWaterMark: bytesPerChunk }) as AsyncIterable<Buffer>) {
    decoder ??= new TextDecoder(encodingOf(path, bytes, encoding), { fatal: true });
    const text = decode(bytes);
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) line += 1;
    if (text !== '') yield text;
  }
  if (decoder !== undefined) {
    const rest = decode();
    if (rest !== '') yield rest;
  }
}

function encodingOf(path: string, first: Buffer, asked: string | undefined): string {
  const mark = marks.find(({ bytes }) => bytes.every((byte, at) => first[at] === byte));
  if (mark === undefined) return asked ?? 'utf-8';
  if (asked === undefined || asked === mark.encoding) return mark.encoding;
  throw refusedFile(
    path,
    1,
    `begins with the mark of ${mark.encoding}, and ${asked} was said`,
    'Leave --encoding out.',
  );
}

/** Line feeds before the first bytes that are no text, about: what came over from the chunk before is not known. */
function goodLines(bytes: Buffer | undefined, { encoding }: TextDecoder): number {
  if (bytes === undefined) return 0;
  const text = new TextDecoder(encoding).decode(bytes);
  const bad = text.indexOf('\ufffd', 1);
  return text.slice(0, bad === -1 ? text.length : bad).split('\n').length - 1;
}

function notText(path: string, line: number, encoding: string): SandboxError {
  return refusedFile(
    path,
    line,
    `is not ${encoding}`,
    'Name the encoding that it has: --encoding gb18030 (GBK is part of it), big5, utf-16le, windows-1252 ...',
  );
}

/** A file that is refused as a whole, with or without a reject file: nothing in it can be trusted. */
export function refusedFile(path: string, line: number, reason: string, next: string): SandboxError {
  return new SandboxError({
    code: 'IMPORT_REJECTED',
    message: `${path} ${reason}; nothing was written.`,
    next,
    evidence: `${path}:${line}: ${reason}`,
  });
}
