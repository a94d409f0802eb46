import { readFile, writeFile } from 'node:fs/promises';
import { memberBytes } from '../../../sandbox/backup/archive/empty-member.ts';
import { sealed } from '../../../sandbox/backup/archive/seal.ts';
import { type ArchiveSigner, signatureBytes } from '../../../sandbox/backup/archive/signature.ts';

/** The three pieces of a signed archive, without its seal. */
export interface ArchivePieces {
  readonly content: Buffer;
  readonly signature: Buffer;
}

export async function piecesOf(file: string): Promise<ArchivePieces> {
  const bytes = await readFile(file);
  const sealed = bytes.subarray(0, -memberBytes(32));
  return { content: sealed.subarray(0, -signatureBytes), signature: sealed.subarray(-signatureBytes) };
}

/** Seals bytes as whoever can read this repository can, and signs them where keys are given. */
export async function seal(file: string, bytes: Buffer, signers: readonly ArchiveSigner[] = []): Promise<void> {
  async function* source() {
    yield bytes;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of sealed(signers)(source())) chunks.push(chunk);
  await writeFile(file, Buffer.concat(chunks), { mode: 0o600 });
}
