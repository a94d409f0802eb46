import type { ReachableEngine } from '../../contract/topology.ts';
import { readNames } from '../backup/names.ts';
import { openClient } from './connection.ts';

/** Of each collection: how its graph is built, from which size on, what is kept on disk, and how vectors are shortened. */
export async function serverSettings(running: ReachableEngine): Promise<Readonly<Record<string, string>>> {
  const client = openClient(running);
  const settings = (await readNames(client)).collections.map(async (name) => {
    const { config, indexed_vectors_count: indexed, segments_count: segments } = await client.getCollection(name);
    const told = {
      m: config.hnsw_config?.m,
      ef_construct: config.hnsw_config?.ef_construct,
      full_scan_threshold: config.hnsw_config?.full_scan_threshold,
      indexing_threshold: config.optimizer_config?.indexing_threshold,
      on_disk_payload: config.params.on_disk_payload,
      shards: config.params.shard_number,
      quantization: config.quantization_config == null ? 'none' : Object.keys(config.quantization_config).join(' '),
      segments,
      indexed,
    };
    const texts = Object.entries(told).flatMap(([key, value]) => (value == null ? [] : [`${key} ${value}`]));
    return [name, texts.join(', ')] as const;
  });
  return Object.fromEntries(await Promise.all(settings));
}
