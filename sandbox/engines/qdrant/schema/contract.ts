import assert from 'node:assert/strict';
import type { Dataset } from '../../../../seeds/dataset.ts';
import { knowledgeQueryVector, userQueryVector } from '../../../../seeds/entities/embeddings.ts';
import { categoriesOfCell, knowledgeIdsOf } from '../../../../seeds/entities/knowledge.ts';
import type { ContractCase } from '../../contract/schema.ts';
import type { RunningEngine } from '../../contract/topology.ts';
import { openClient, uri } from '../server/connection.ts';
import { collectionNames, readCollectionSchema } from './collections.ts';
import { schemaOf } from './schema.ts';
import { scoreThreshold, searchKnowledge } from './search.ts';

export const contract: readonly ContractCase[] = [
  { name: 'a request without the API key is refused', run: keyIsNeeded },
  { name: 'both collections are there with their dimension, distance and payload indexes', run: collectionsAreThere },
  { name: 'a vector of another dimension is refused', run: dimensionIsChecked },
  { name: 'an id that is neither a number nor a UUID is refused', run: idsAreChecked },
  { name: 'a collection that is not there is not found', run: unknownIsNotFound },
  { name: 'a search with threshold 0.7 gives the cluster and nothing else', run: thresholdSeparates },
  { name: 'the users of a cell are found by its vector, within a filter', run: usersAreFound },
  { name: 'points are found by payload, counted and scrolled', run: payloadFilters },
];

async function keyIsNeeded(running: RunningEngine): Promise<void> {
  for (const headers of [{}, { 'api-key': 'wrong' }]) {
    const response = await fetch(`${uri(running)}/collections`, { headers });
    await response.body?.cancel();
    assert.ok([401, 403].includes(response.status), `answered ${response.status}`);
  }
}

async function collectionsAreThere(running: RunningEngine): Promise<void> {
  for (const name of collectionNames) {
    assert.deepEqual(await schemaOf(openClient(running), name), await readCollectionSchema(name), name);
  }
}

/** Fails unless the server answers with this status. */
async function assertStatus(status: number, request: Promise<unknown>): Promise<void> {
  await assert.rejects(request, (thrown) => {
    assert.equal((thrown as { status?: number }).status, status, String(thrown));
    return true;
  });
}

const unit = (size: number) => Array.from({ length: size }, (_, index) => (index === 0 ? 1 : 0));

async function dimensionIsChecked(running: RunningEngine): Promise<void> {
  const client = openClient(running);
  const id = '00000000-0000-4000-8000-000000000001';
  for (const [name, size] of [
    ['knowledge_vectors', 767],
    ['user_vectors', 768],
  ] as const) {
    await assertStatus(400, client.upsert(name, { wait: true, points: [{ id, vector: unit(size), payload: {} }] }));
    await assertStatus(400, client.query(name, { query: unit(size), limit: 1 }));
  }
}

async function idsAreChecked(running: RunningEngine): Promise<void> {
  const points = [{ id: 'k001', vector: unit(768), payload: {} }];
  await assertStatus(400, openClient(running).upsert('knowledge_vectors', { wait: true, points }));
}

async function unknownIsNotFound(running: RunningEngine): Promise<void> {
  await assertStatus(404, openClient(running).count('no_such_collection'));
}

async function thresholdSeparates(running: RunningEngine, dataset: Dataset): Promise<void> {
  const client = openClient(running);
  for (const levels of [
    { silicon: 0, consciousness: 0, thinking: 0 },
    { silicon: 3, consciousness: 2, thinking: 1 },
    { silicon: 5, consciousness: 5, thinking: 5 },
  ]) {
    for (const category of categoriesOfCell(levels)) {
      const expected = knowledgeIdsOf(dataset.counts.knowledge, levels, category);
      const found = await searchKnowledge(client, [...knowledgeQueryVector(levels, category)], { limit: 1_000 });
      assert.deepEqual(found.map(({ knowledgeId }) => knowledgeId).toSorted(), [...expected].toSorted());
      for (const { score } of found) assert.ok(score >= scoreThreshold && score <= 1.000_001, `score ${score}`);
    }
  }
}

async function usersAreFound(running: RunningEngine): Promise<void> {
  const levels = { silicon: 4, consciousness: 1, thinking: 2 };
  const search = (silicon: number) =>
    openClient(running).query('user_vectors', {
      query: [...userQueryVector(levels)],
      limit: 1_000,
      score_threshold: scoreThreshold,
      with_payload: true,
      filter: { must: [{ key: 'silicon_level', match: { value: silicon } }] },
    });
  const own = (await search(levels.silicon)).points;
  assert.ok(own.length >= 5, `found ${own.length} users of the cell`);
  for (const { payload } of own) assert.equal(payload?.silicon_level, levels.silicon);
  assert.deepEqual((await search(0)).points, [], 'the filter let users of another level through');
}

async function payloadFilters(running: RunningEngine, dataset: Dataset): Promise<void> {
  const client = openClient(running);
  let total = 0;
  for (let level = 0; level <= 5; level += 1) {
    const filter = { must: [{ key: 'silicon_level', range: { gte: level, lte: level } }] };
    const { count } = await client.count('knowledge_vectors', { filter, exact: true });
    assert.ok(count > 0, `nothing is known at level ${level}`);
    total += count;
  }
  assert.equal(total, dataset.counts.knowledgeVectors, 'the six levels are not everything');
  const filter = { must: [{ key: 'knowledge_id', match: { value: 'k001' } }] };
  const { points } = await client.scroll('knowledge_vectors', { filter, limit: 10, with_payload: true });
  assert.deepEqual(
    points.map(({ payload }) => payload?.knowledge_id),
    ['k001'],
  );
}
