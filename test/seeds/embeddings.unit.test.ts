import { describe, expect, test } from 'vitest';
import { knowledgeQueryVector, userQueryVector } from '../../seeds/entities/embeddings.ts';
import { categoriesOfCell, knowledgeIdsOf } from '../../seeds/entities/knowledge.ts';
import { cellCount, cellOfLevels, levelsOfCell } from '../../seeds/random/cells.ts';
import { cosine } from '../../seeds/random/embedding-model.ts';
import { rowsOf } from './rows.ts';

/** The threshold of the specification's search. */
const threshold = 0.7;

const knowledge = await rowsOf('knowledgeVectors');
const userVectors = await rowsOf('userVectors');
const levelsOfUser = new Map((await rowsOf('users')).map(({ id, levels }) => [id, levels]));

describe.each([
  { name: 'knowledge', vectors: knowledge, dimension: 768 },
  { name: 'users', vectors: userVectors, dimension: 512 },
])('vectors of $name', ({ vectors, dimension }) => {
  test('are unit vectors of their dimension, none like another', () => {
    for (const { vector } of vectors) {
      expect(vector.length).toBe(dimension);
      expect(Math.abs(Math.sqrt(cosine(vector, vector)) - 1)).toBeLessThan(1e-5);
    }
    expect(new Set(vectors.map(({ vector }) => Buffer.from(vector.buffer).toString('latin1'))).size).toBe(
      vectors.length,
    );
  });
});

test('a search for a cluster of knowledge finds its members above the threshold and nothing else', () => {
  for (let cell = 0; cell < cellCount; cell += 1) {
    const levels = levelsOfCell(cell);
    for (const category of categoriesOfCell(levels)) {
      const query = knowledgeQueryVector(levels, category);
      const found = knowledge.filter(({ vector }) => cosine(query, vector) > threshold);
      const members = knowledgeIdsOf(knowledge.length, levels, category);
      expect(members.length).toBeGreaterThan(0);
      expect(found.map(({ knowledgeId }) => knowledgeId)).toEqual(members);
    }
  }
});

test('a search for the users of a cell finds them above the threshold and nobody else', () => {
  for (let cell = 0; cell < cellCount; cell += 1) {
    const query = userQueryVector(levelsOfCell(cell));
    const found = userVectors.filter(({ vector }) => cosine(query, vector) > threshold);
    expect(found.map(({ userId }) => cellOfLevels(levelsOfUser.get(userId) ?? levelsOfCell(0)))).toEqual(
      Array.from({ length: 5 }, () => cell),
    );
  }
});

test('the margin around the threshold is wide enough for approximate search and quantised arithmetic', () => {
  let lowestInside = 1;
  let highestOutside = -1;
  for (let cell = 0; cell < cellCount; cell += 7) {
    const levels = levelsOfCell(cell);
    const [category] = categoriesOfCell(levels);
    const query = knowledgeQueryVector(levels, category);
    const members = new Set(knowledgeIdsOf(knowledge.length, levels, category));
    for (const { knowledgeId, vector } of knowledge) {
      const score = cosine(query, vector);
      if (members.has(knowledgeId)) lowestInside = Math.min(lowestInside, score);
      else highestOutside = Math.max(highestOutside, score);
    }
  }
  expect(lowestInside).toBeGreaterThan(threshold + 0.1);
  expect(highestOutside).toBeLessThan(threshold - 0.03);
});

test('the nearer two cells are, the nearer are their vectors', () => {
  const query = userQueryVector({ silicon: 0, consciousness: 0, thinking: 0 });
  // Four steps apart, so that the learning style, which goes round by four, is the same.
  const meanAt = (silicon: number, consciousness: number, thinking: number) => {
    const cell = cellOfLevels({ silicon, consciousness, thinking });
    const scores = userVectors
      .filter(({ userId }) => cellOfLevels(levelsOfUser.get(userId) ?? levelsOfCell(0)) === cell)
      .map(({ vector }) => cosine(query, vector));
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  };
  const distances = [meanAt(0, 0, 0), meanAt(1, 1, 2), meanAt(2, 2, 4), meanAt(4, 4, 4)];
  for (const [index, score] of distances.entries()) {
    if (index > 0) expect(score).toBeLessThan((distances[index - 1] ?? 0) - 0.05);
  }
});
