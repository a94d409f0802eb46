import type { QdrantClient } from '@qdrant/js-client-rest';
import { type LoadRecords, parseMark } from '../../shared/load/load-marks.ts';
import type { CollectionName } from '../schema/collections.ts';

/** Whose metadata says what was loaded, and how far an unfinished load has come. An empty text is none. */
const recordCollection: CollectionName = 'knowledge_vectors';

interface Metadata {
  readonly dataset?: unknown;
  readonly load?: unknown;
}

export function loadRecords(client: QdrantClient): LoadRecords {
  return {
    readFingerprint: () => readFingerprint(client),
    readMark: async () => parseMark(textOf((await metadataOf(client)).load)),
    writeMark: (mark) => write(client, { load: JSON.stringify(mark) }),
    forget: () => write(client, { dataset: '', load: '' }),
  };
}

export async function readFingerprint(client: QdrantClient): Promise<string | undefined> {
  return textOf((await metadataOf(client)).dataset);
}

/** Keeps the fingerprint, and forgets the mark, at once. */
export function finishLoad(client: QdrantClient, fingerprint: string): Promise<void> {
  return write(client, { dataset: fingerprint, load: '' });
}

async function metadataOf(client: QdrantClient): Promise<Metadata> {
  const { config } = await client.getCollection(recordCollection);
  return (config.metadata ?? {}) as Metadata;
}

async function write(client: QdrantClient, metadata: Record<string, string>): Promise<void> {
  await client.updateCollection(recordCollection, { metadata });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
