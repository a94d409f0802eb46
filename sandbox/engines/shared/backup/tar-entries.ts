/** An entry of a tar file, as its header has it. */
export interface TarEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
  /** What it has once it is unpacked; of a file with holes more than what is in the tar file. */
  readonly sizeBytes: number;
}

const blockBytes = 512;
/** Longest extension of a header that is looked into, in bytes. */
const extensionBytesMax = 2 ** 20;

/**
 * Reads a tar file to its end without keeping what is in it, and calls `onEntry` for each of its entries before what is in
 * it is read. tar-stream
 * knows no files with holes, of which Qdrant's snapshots consist (GNU tar manual, "Basic Tar Format").
 * Throws where it is none, or ends too early, and what `onEntry` throws.
 */
export async function readTarEntries(source: AsyncIterable<Buffer>, onEntry: (entry: TarEntry) => void): Promise<void> {
  const reader = createReader(source);
  let sizeOverride: number | undefined;
  for (;;) {
    const header = await reader.take(blockBytes);
    if (header.every((byte) => byte === 0)) return reader.drain();
    requireHeader(header);
    const type = String.fromCharCode(header[156] ?? 0);
    const storedBytes = sizeOverride ?? numberAt(header, 124, 12);
    sizeOverride = undefined;
    const isSparse = type === 'S';
    if (isSparse) await skipSparseMap(header, reader);
    const paddedBytes = Math.ceil(storedBytes / blockBytes) * blockBytes;
    if (type === 'x' && storedBytes <= extensionBytesMax) {
      const text = (await reader.take(paddedBytes)).toString('latin1', 0, storedBytes);
      const [, size] = /^\d+ size=(\d{1,16})$/m.exec(text) ?? [];
      sizeOverride = size === undefined ? undefined : Number(size);
      continue;
    }
    // Long names, and what concerns all entries, are none themselves.
    if (!'LKgx'.includes(type)) {
      const kind = '0\0S7'.includes(type) ? 'file' : type === '5' ? 'directory' : 'other';
      onEntry({ name: textAt(header, 0, 100), kind, sizeBytes: isSparse ? numberAt(header, 483, 12) : storedBytes });
    }
    await reader.skip(paddedBytes);
  }
}

/** The list of the pieces that are there goes on in blocks behind the header. */
async function skipSparseMap(header: Buffer, reader: Reader): Promise<void> {
  let goesOn = header[482] !== 0;
  while (goesOn) goesOn = (await reader.take(blockBytes))[504] !== 0;
}

function requireHeader(header: Buffer): void {
  let sum = 0;
  for (const [place, byte] of header.entries()) sum += place >= 148 && place < 156 ? 32 : byte;
  if (sum !== numberAt(header, 148, 8)) throw new Error('it is no tar file');
}

/** Octal digits, or, where the first bit is set, the bytes themselves. */
function numberAt(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (((field[0] ?? 0) & 0x80) === 0) {
    const digits = textAt(header, offset, length).trim();
    if (/^[0-7]*$/.test(digits)) return Number.parseInt(digits || '0', 8);
    throw new Error('a header of it holds no number');
  }
  const number = field.subarray(1).reduce((value, byte) => value * 256 + byte, 0);
  if (Number.isSafeInteger(number)) return number;
  throw new Error('an entry of it is too long');
}

function textAt(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

interface Reader {
  readonly take: (sizeBytes: number) => Promise<Buffer>;
  readonly skip: (sizeBytes: number) => Promise<void>;
  /** Reads on to the end: what decompresses the bytes checks them there. */
  readonly drain: () => Promise<void>;
}

function createReader(source: AsyncIterable<Buffer>): Reader {
  const chunks = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const next = async () => {
    const { value, done } = await chunks.next();
    if (done === true) throw new Error('it ends too early');
    held = value;
  };
  return {
    async take(sizeBytes) {
      const pieces: Buffer[] = [];
      for (let missing = sizeBytes; missing > 0; ) {
        if (held.length === 0) await next();
        const piece = held.subarray(0, missing);
        pieces.push(piece);
        held = held.subarray(piece.length);
        missing -= piece.length;
      }
      return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    },
    async skip(sizeBytes) {
      for (let missing = sizeBytes; missing > 0; ) {
        if (held.length === 0) await next();
        const skipped = Math.min(missing, held.length);
        held = held.subarray(skipped);
        missing -= skipped;
      }
    },
    async drain() {
      for (let { done } = await chunks.next(); done !== true; ) ({ done } = await chunks.next());
    },
  };
}
