import type { SizeCounts } from '../../seeds/sizes.ts';

/** Rows of every entity, and few: where a test asks the whole store again and again, its time goes with their number. */
export const fewRows: SizeCounts = { users: 60, contents: 80, conversations: 20, knowledge: 30 };

/** The same for `--size`. */
export const fewRowsText = Object.entries(fewRows)
  .map(([name, count]) => `${name}=${count}`)
  .join(',');
