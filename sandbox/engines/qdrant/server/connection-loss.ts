import { QdrantClientTimeoutError } from '@qdrant/js-client-rest';

/** Whether the client says that its server gave no answer in time. One that is gone is an error of Node.js itself. */
export function isConnectionLoss(thrown: unknown): boolean {
  return thrown instanceof QdrantClientTimeoutError;
}
