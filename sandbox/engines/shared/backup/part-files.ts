import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';

/** Some files of a folder, and further ones by name, as one tar for the standard input of a command in a container. */
export function readFilesAsTar(
  directory: string,
  paths: readonly string[],
  further: Readonly<Record<string, string | Buffer>> = {},
): Readable {
  const archive = pack();
  const write = async () => {
    for (const path of paths) {
      const file = join(directory, path);
      const { size } = await stat(file);
      await pipeline(createReadStream(file), archive.entry({ name: path, size, mode: 0o644 }));
    }
    for (const [name, content] of Object.entries(further)) archive.entry({ name, mode: 0o600 }, content);
    archive.finalize();
  };
  write().catch((thrown: Error) => archive.destroy(thrown));
  return archive as unknown as Readable;
}

/**
 * Standard input that begins once `ready` holds, with a line that the command waits for: its container is made while
 * the target is looked at, and touches nothing before. Ends with the error of `ready`.
 */
export function releasedBy(ready: Promise<unknown>, input: Readable): Readable {
  return Readable.from(
    (async function* () {
      await ready;
      yield Buffer.from('go\n');
      yield* input;
    })(),
    { objectMode: false },
  );
}

/** Takes a tar, from the standard output of a command in a container, and writes its files into a folder. */
export function writeFilesFromTar(directory: string): { readonly stream: Writable; readonly written: Promise<void> } {
  const archive = extract();
  const written = (async () => {
    for await (const entry of archive) {
      if (entry.header.type !== 'file') {
        entry.resume();
        continue;
      }
      await pipeline(entry, createWriteStream(join(directory, basename(entry.header.name)), { mode: 0o600 }));
    }
  })();
  written.catch(() => {});
  return { stream: archive as unknown as Writable, written };
}
