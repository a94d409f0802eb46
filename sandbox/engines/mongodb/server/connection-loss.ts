import { MongoNetworkError, MongoServerSelectionError } from 'mongodb';

/** Whether the driver says that its server is gone, or that none of its servers could be asked in time. */
export function isConnectionLoss(thrown: unknown): boolean {
  return thrown instanceof MongoNetworkError || thrown instanceof MongoServerSelectionError;
}
