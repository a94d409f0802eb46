import type { Dataset } from '../../../../seeds/dataset.ts';
import type { KnowledgeVector, UserVector } from '../../../../seeds/entities.ts';
import { cosine } from '../../../../seeds/random/embedding-model.ts';

/** A question of an approximate search and what its exact answer may hold. */
export interface AskedVector<Row> {
  /** Unit vector. */
  readonly vector: readonly number[];
  readonly matches: (row: Row) => boolean;
}

type VectorEntity = { readonly knowledgeVectors: KnowledgeVector; readonly userVectors: UserVector };

/**
 * The exact answers by the dataset: ids of the `limit` rows most like each question with a cosine of at least
 * `threshold`, most like first. Reads the vectors once, whatever the number of questions.
 */
export async function exactNeighbours<Name extends keyof VectorEntity>(
  dataset: Dataset,
  entity: Name,
  questions: readonly AskedVector<VectorEntity[Name]>[],
  options: { readonly limit: number; readonly threshold: number; readonly idOf: (row: VectorEntity[Name]) => string },
): Promise<readonly (readonly string[])[]> {
  const found = questions.map((): { id: string; score: number }[] => []);
  for await (const batch of dataset.batches(entity) as AsyncIterable<readonly VectorEntity[Name][]>) {
    for (const row of batch) {
      for (const [index, { vector, matches }] of questions.entries()) {
        if (!matches(row)) continue;
        const score = cosine(vector, row.vector);
        if (score >= options.threshold) found[index]?.push({ id: options.idOf(row), score });
      }
    }
  }
  return found.map((rows) =>
    rows
      .toSorted((left, right) => right.score - left.score)
      .slice(0, options.limit)
      .map(({ id }) => id),
  );
}

/**
 * Whether an approximate answer is good enough: the best row is there, nothing is that the exact answer lacks beyond
 * two of ten, and with fewer than ten rows none is missing. How good it is on the whole is what recall measures.
 */
export function isGoodAnswer(answer: string, known: string): boolean {
  const [found, exact] = [answer, known].map((text) => (text === '' ? [] : text.split(' ')));
  if (found === undefined || exact === undefined || found.length !== exact.length) return false;
  if (exact.length === 0) return true;
  const shared = exact.filter((id) => found.includes(id)).length;
  return found.includes(exact[0] as string) && shared >= (exact.length < 10 ? exact.length : exact.length - 2);
}
