import { openClient } from '../../../../sandbox/engines/qdrant/server/connection.ts';
import type { SchemaTrial } from './schema-trial.ts';

export const qdrant: SchemaTrial = {
  async add(running) {
    const client = openClient(running);
    await client.createCollection('service', { vectors: { size: 4, distance: 'Dot' } });
    await client.createPayloadIndex('user_vectors', { field_name: 'service', field_schema: 'keyword', wait: true });
  },
  breakages: () => [
    {
      act: (running) => openClient(running).deletePayloadIndex('knowledge_vectors', 'category', { wait: true }),
      told: ['payload index category missing'],
    },
    {
      async act(running) {
        const client = openClient(running);
        await client.deletePayloadIndex('user_vectors', 'silicon_level', { wait: true });
        await client.createPayloadIndex('user_vectors', {
          field_name: 'silicon_level',
          field_schema: 'keyword',
          wait: true,
        });
      },
      told: ['payload index silicon_level different'],
    },
    {
      alone: true,
      act: (running) => openClient(running).deleteCollection('knowledge_vectors'),
      told: ['collection knowledge_vectors missing'],
    },
    {
      alone: true,
      async act(running) {
        const client = openClient(running);
        await client.deleteCollection('knowledge_vectors');
        await client.createCollection('knowledge_vectors', { vectors: { size: 768, distance: 'Dot' } });
      },
      told: [
        'collection knowledge_vectors different',
        ...['category', 'knowledge_id', 'silicon_level'].map((field) => `payload index ${field} missing`),
      ],
    },
  ],
  async catalogue(running) {
    const client = openClient(running);
    const { collections } = await client.getCollections();
    const names = collections.map(({ name }) => name).toSorted();
    return Promise.all(
      names.map(async (name) => {
        const { config, payload_schema } = await client.getCollection(name);
        const { metadata: _, ...made } = config;
        const indexes = Object.entries(payload_schema).map(([field, index]) => `${field} ${index?.data_type}`);
        return { name, made, indexes: indexes.toSorted() };
      }),
    );
  },
};
