import { createDataset } from '../../seeds/create-dataset.ts';
import type { Dataset } from '../../seeds/dataset.ts';
import type { Entities, EntityName } from '../../seeds/entities.ts';

/** Every row of an entity. */
export async function rowsOf<Name extends EntityName>(
  name: Name,
  dataset: Dataset = createDataset({ size: 'small' }),
): Promise<readonly Entities[Name][]> {
  const rows: Entities[Name][] = [];
  for await (const batch of dataset.batches(name)) rows.push(...batch);
  return rows;
}
