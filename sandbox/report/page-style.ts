import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Style of the pages with sections, tables and charts, and what one of them has beyond that: the path of its file. */
export function pageStyle(own?: string): string {
  const files = [join(import.meta.dirname, 'page.css'), ...(own === undefined ? [] : [own])];
  return files.map((file) => readFileSync(file, 'utf8')).join('');
}
