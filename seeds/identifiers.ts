import { parse, v5 } from 'uuid';

/** Namespace of the platform's identifiers: UUIDv5 of `taishang.example` in the DNS namespace. */
const platformNamespace = parse(v5('taishang.example', v5.DNS));

/** UUIDv5 of a business id such as `user:17` or `knowledge:k001`: the same in each store, for each seed. */
export function uuidOf(kind: string, businessId: string | number): string {
  return v5(`${kind}:${businessId}`, platformNamespace);
}

/** What Qdrant takes as the point id of a knowledge item: UUIDv5 of its business id, for example `k001`. */
export function knowledgePointId(knowledgeId: string): string {
  return uuidOf('knowledge', knowledgeId);
}
