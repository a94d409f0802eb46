import { type EngineGap, linesOfGaps } from '../../stack/furnish/schema-gaps.ts';
import type { Colors } from '../colors.ts';

/** What the stores lack of their schemas, a line for each object, and what brings it back; nothing where nothing is. */
export function formatSchemaGaps(gaps: readonly EngineGap[], colors: Colors): string {
  if (gaps.length === 0) return '';
  const lines = linesOfGaps(gaps).map((line) => `  ${line}\n`);
  const count = `${gaps.length} ${gaps.length === 1 ? 'object of the schemas is' : 'objects of the schemas are'} missing or different`;
  return `${colors.yellow('incomplete')} ${count}; \`npm run sandbox -- up --reset\` brings them back and DELETES what was added to the data there\n${lines.join('')}`;
}
