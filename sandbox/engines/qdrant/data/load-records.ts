import type { QdrantClient } from '@qdrant/js-client-rest';
import { type LoadRecords, type LoadTexts, textRecords } from '../../shared/load/load-marks.ts';
import type { CollectionName } from '../schema/collections.ts';

/** Whose metadata says what was loaded, and how far an unfinished load has come. An empty text is none. */
const recordCollection: CollectionName = 'knowledge_vectors';

export function loadRecords(client: QdrantClient): LoadRecords {
  return textRecords(
    (name) => read(client, name),
    async (texts) => {
      // All of them at once.
      const metadata = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text ?? '']));
      await client.updateCollection(recordCollection, { metadata });
    },
  );
}

async function read(client: QdrantClient, name: keyof LoadTexts): Promise<string | undefined> {
  const { config } = await client.getCollection(recordCollection);
  const text = (config.metadata as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return typeof text === 'string' && text !== '' ? text : undefined;
}
