// As an application opens it: the client asks for the server's version by itself, and warns on standard error.
import { QdrantClient } from '@qdrant/js-client-rest';

const client = new QdrantClient({ url: process.env.QDRANT_URL, headers: { 'api-key': process.env.QDRANT_API_KEY } });
await client.getCollections();
