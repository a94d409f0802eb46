import { deadlineMs } from '../../../core/deadlines.ts';
import { canonicalText } from '../../contract/data/holdings.ts';
import { gapsBetween, type SchemaGap, type SchemaObject } from '../../contract/schema/schema-gap.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { type CollectionSchema, collectionNames, readCollectionSchema } from './collections.ts';

/**
 * Collections and their payload indexes, held against the schema's files. Loads no client, which takes longer than the
 * questions: each `up` of a stack that runs asks them.
 */
export async function schemaGaps(running: RunningEngine): Promise<readonly SchemaGap[]> {
  const gaps = await Promise.all(
    collectionNames.map(async (name) =>
      gapsOfCollection(name, await readCollectionSchema(name), await collectionOf(running, name)),
    ),
  );
  return gaps.flat();
}

/** What the server says of a collection, as far as it is held against the schema. */
export interface FoundCollection {
  readonly config: {
    readonly params: Readonly<Record<string, unknown>> & { readonly vectors?: Readonly<Record<string, unknown>> };
    readonly hnsw_config?: Readonly<Record<string, unknown>>;
    readonly quantization_config?: unknown;
  };
  readonly payload_schema: Readonly<
    Record<string, { readonly data_type?: string; readonly params?: object | null } | null | undefined>
  >;
}

/** `there`: nothing where there is no such collection. A service's own indexes and named vectors are no gaps. */
export function gapsOfCollection(
  name: string,
  { vectors, payload_indexes }: CollectionSchema,
  there: FoundCollection | undefined,
): readonly SchemaGap[] {
  const wanted: SchemaObject[] = [
    { kind: 'collection', name, definition: vectorText(vectors) },
    { kind: 'vector index', name, partOf: name, definition: vectorIndexText({}) },
    ...Object.entries(payload_indexes).map(([field, type]) => ({
      kind: 'payload index',
      name: field,
      partOf: name,
      definition: type,
    })),
  ];
  if (there === undefined) return gapsBetween(wanted, [], { place: name });
  const { config, payload_schema } = there;
  const found: SchemaObject[] = [
    { kind: 'collection', name, definition: vectorText(config.params.vectors ?? {}) },
    { kind: 'vector index', name, definition: vectorIndexText(config) },
    ...Object.entries(payload_schema).map(([field, index]) => ({
      kind: 'payload index',
      name: field,
      definition: payloadIndexText(index ?? {}),
    })),
  ];
  return gapsBetween(wanted, found, { place: name });
}

/** Its type, and parameters that say more. */
function payloadIndexText({ data_type, params }: NonNullable<FoundCollection['payload_schema'][string]>): string {
  const said = Object.entries(params ?? {}).filter(([name, value]) => name !== 'type' && value !== null);
  return said.length === 0 ? String(data_type) : `${data_type} ${canonicalText(Object.fromEntries(said))}`;
}

function vectorText(vectors: object): string {
  const said = Object.entries(vectors).filter(([, value]) => value !== null);
  return canonicalText(Object.fromEntries(said));
}

/** What the server builds where nobody asked for anything else (Qdrant documentation, "Indexing": `m`, `ef_construct`). */
const defaults = { m: 16, ef_construct: 100 };

/** What gives a collection these back. */
export const serverDefaults = { hnsw_config: defaults, quantization_config: 'Disabled' } as const;

function vectorIndexText({ hnsw_config, quantization_config }: Partial<FoundCollection['config']>): string {
  const { m = defaults.m, ef_construct = defaults.ef_construct } = (hnsw_config ?? {}) as Partial<typeof defaults>;
  return canonicalText({ m, ef_construct, ...(quantization_config ? { quantization: quantization_config } : {}) });
}

/** Asks the peers in turn: each answers for the whole cluster. One that has no other beside it may take its time. */
async function collectionOf({ nodes, secrets }: RunningEngine, name: string): Promise<FoundCollection | undefined> {
  const timeoutMs = deadlineMs(nodes.length > 1 ? 'serverSelection' : 'statement');
  let last: unknown;
  for (const { host, port } of nodes) {
    try {
      const response = await fetch(`http://${host}:${port}/collections/${encodeURIComponent(name)}`, {
        headers: { 'api-key': secrets.apiKey ?? '', connection: 'close' },
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status === 404) return undefined;
      if (!response.ok) throw new Error(`it answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
      return ((await response.json()) as { result: FoundCollection }).result;
    } catch (thrown) {
      last = thrown;
    }
  }
  throw last;
}
