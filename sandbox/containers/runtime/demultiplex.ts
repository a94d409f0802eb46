import type { Writable } from 'node:stream';

/** Docker prefixes each piece of output with eight bytes: stream, three zeroes, length (Engine API, "attach"). */
const headerBytes = 8;

type OnContent = (stream: 'output' | 'errorOutput', content: Buffer) => void;

/**
 * Takes chunks of output in which both streams of a container are, cut anywhere, and hands on what is in them. Output that is
 * not in frames, as that of a terminal, is `output` from there on. The client's own `demuxStream` calls itself for each
 * frame, and copies the rest of the chunk each time: 5,000 short lines in one chunk overflow the stack (docker-modem 5).
 */
function frameReader(onContent: OnContent): (chunk: Buffer) => void {
  const header = Buffer.alloc(headerBytes);
  let headerFilled = 0;
  let contentLeft = 0;
  let stream: 'output' | 'errorOutput' = 'output';
  let isRaw = false;
  return (chunk) => {
    let offset = 0;
    while (offset < chunk.length) {
      if (isRaw) return onContent('output', chunk.subarray(offset));
      if (contentLeft > 0) {
        const content = chunk.subarray(offset, offset + contentLeft);
        onContent(stream, content);
        offset += content.length;
        contentLeft -= content.length;
        continue;
      }
      const taken = chunk.copy(header, headerFilled, offset, offset + headerBytes - headerFilled);
      offset += taken;
      headerFilled += taken;
      if (headerFilled < headerBytes) return;
      headerFilled = 0;
      const [kind = 0] = header;
      isRaw = kind > 2;
      if (isRaw) onContent('output', Buffer.from(header));
      stream = kind === 1 ? 'output' : 'errorOutput';
      contentLeft = header.readUInt32BE(4);
    }
  };
}

/** Writes what comes out of a running container to where its two streams go. Ends neither of them. */
export function demultiplex(source: NodeJS.ReadableStream, output: Writable, errorOutput: Writable): void {
  const targets = { output, errorOutput };
  source.on(
    'data',
    frameReader((stream, content) => targets[stream].write(content)),
  );
}

/** Both streams of output that is there as a whole, in order. */
export function textOfFrames(raw: Buffer): string {
  const parts: Buffer[] = [];
  frameReader((_, content) => parts.push(content))(raw);
  return Buffer.concat(parts).toString('utf8');
}
