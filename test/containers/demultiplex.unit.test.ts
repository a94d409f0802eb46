import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import Docker from 'dockerode';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demultiplex, textOfFrames } from '../../sandbox/containers/runtime/demultiplex.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

interface Frame {
  readonly kind: 1 | 2;
  readonly content: Buffer;
}

/** As the Engine API, "attach", has it. */
function encoded(frames: readonly Frame[]): Buffer {
  return Buffer.concat(
    frames.map(({ kind, content }) => {
      const header = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0]);
      header.writeUInt32BE(content.length, 4);
      return Buffer.concat([header, content]);
    }),
  );
}

const contentOf = (frames: readonly Frame[], kind: 1 | 2) =>
  Buffer.concat(frames.filter((frame) => frame.kind === kind).map(({ content }) => content));

/** What comes out of each stream for these chunks. */
async function split(chunks: readonly Buffer[]): Promise<readonly [Buffer, Buffer]> {
  const [source, output, errorOutput] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const read = Promise.all([buffer(output), buffer(errorOutput)]);
  demultiplex(source, output, errorOutput);
  for (const chunk of chunks) source.write(chunk);
  source.end(() => {});
  source.on('end', () => {
    output.end();
    errorOutput.end();
  });
  return read;
}

const tiny = Array.from(
  { length: 50_000 },
  (_, index): Frame => ({
    kind: index % 3 === 0 ? 2 : 1,
    content: Buffer.from(`${index % 10}`),
  }),
);

test('50,000 tiny frames in one chunk come apart, where the client’s own function overflows the stack', async () => {
  const raw = encoded(tiny);
  const [output, errorOutput] = await split([raw]);
  expect(output.equals(contentOf(tiny, 1))).toBe(true);
  expect(errorOutput.equals(contentOf(tiny, 2))).toBe(true);
  expect(textOfFrames(raw)).toBe(Buffer.concat(tiny.map(({ content }) => content)).toString());
  // Once this no longer throws, the client's can be used again. Few of them: it copies what is left for each.
  const source = new PassThrough();
  new Docker().modem.demuxStream(source, new PassThrough(), new PassThrough());
  expect(() => source.emit('data', encoded(tiny.slice(0, 20_000)))).toThrow(RangeError);
});

test(`frames come apart wherever they are cut (SANDBOX_TEST_SEED=${seed})`, async () => {
  const frame = fc.record({
    kind: fc.constantFrom(1 as const, 2 as const),
    content: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  });
  const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 15 }), cuts, async (frames, places) => {
      const raw = encoded(frames);
      const inOrder = [0, ...places.map((place) => Math.min(place, raw.length)), raw.length].toSorted((a, b) => a - b);
      const chunks = inOrder.slice(1).map((end, index) => raw.subarray(inOrder[index], end));
      expect(await split(chunks)).toEqual([contentOf(frames, 1), contentOf(frames, 2)]);
    }),
    { seed, numRuns: 300 },
  );
});

test('output of a terminal, which has no frames, is passed on as it is', async () => {
  const text = Buffer.from('PostgreSQL is ready\n'.repeat(3));
  const framed = encoded([{ kind: 2, content: Buffer.from('before ') }]);
  expect(await split([framed, text.subarray(0, 5), text.subarray(5)])).toEqual([text, Buffer.from('before ')]);
  expect(textOfFrames(text)).toBe(text.toString());
});
