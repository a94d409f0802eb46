import type { CheckedArchive, KeptArchives, KeptMoments, PrunedArchives } from '../../backup/kept/kept-archives.ts';
import { momentText } from '../../core/text/moment.ts';
import type { Colors } from '../colors.ts';
import { left, right } from '../columns.ts';
import { formatTable } from '../table.ts';
import { formatBytes } from '../units.ts';
import { nodesDownText, notInItText } from './nodes-down-text.ts';

/** `backup list` for people. */
export function formatKeptArchives({ location, archives }: KeptArchives, colors: Colors): string {
  if (archives.length === 0) return `No backups in ${location}.\n`;
  const rows = archives.map(({ name, createdAt = '', stack, sizeBytes, moments }) => [
    name,
    createdAt,
    stack ?? colors.yellow('cannot be read'),
    formatBytes(sizeBytes),
    Object.keys(moments ?? {}).join(', '),
  ]);
  const table = formatTable([...left('backup', 'of', 'stack'), ...right('size'), ...left('moments')], rows, colors);
  return `${table}\nin ${location}\n${reachable(archives)}`;
}

/** What `restore --to` can be told, one stretch a line. */
function reachable(archives: KeptArchives['archives']): string {
  const found = archives.flatMap(({ moments = {} }) => Object.entries(moments));
  const engines = [...new Set(found.map(([engine]) => engine))];
  return engines
    .flatMap((name) => {
      const ranges = joined(found.flatMap(([engine, range]) => (engine === name ? [range] : [])));
      return ranges.map(({ from, to, isOpen }) => {
        const end = isOpen ? 'now' : momentText(new Date(to));
        return `${name}: any moment from ${momentText(new Date(from))} to ${end} (restore --to)\n`;
      });
    })
    .join('');
}

/** Stretches that overlap as one. */
function joined(ranges: readonly KeptMoments[]): readonly KeptMoments[] {
  const found: KeptMoments[] = [];
  for (const range of ranges.toSorted((one, other) => Date.parse(one.from) - Date.parse(other.from))) {
    const last = found.at(-1);
    if (last === undefined || Date.parse(last.to) < Date.parse(range.from)) found.push(range);
    else if (Date.parse(last.to) <= Date.parse(range.to)) found[found.length - 1] = { ...range, from: last.from };
  }
  return found;
}

/** `backup show` and `backup verify` for people. */
export function formatCheckedArchive(checked: CheckedArchive, colors: Colors): string {
  const { archive, engines, leftOut, dataset, createdAt, stack, provenance } = checked;
  const rows = engines.map((each) => [
    each.engine,
    each.serverVersion,
    each.topology,
    formatBytes(each.sizeBytes),
    each.position,
  ]);
  const table = formatTable(
    [...left('engine', 'server', 'topology'), ...right('size'), ...left('taken at')],
    rows,
    colors,
  );
  const held = dataset === null ? 'no common dataset' : `dataset ${dataset.size}, seed ${dataset.seed}`;
  const missing = leftOut.map(({ engine, why }) => `${colors.yellow('not in it')}: ${engine}. ${why}.\n`).join('');
  const without = nodesDownText(engines, colors);
  const signed =
    provenance === 'own' ? 'signed with a known key' : `${colors.yellow('foreign')}: no known key has signed it`;
  const whole = `${colors.green('whole')}: ${formatBytes(archive.sizeBytes)}, ${held}`;
  return `${table}\n${notInItText(engines, colors)}${missing}${without}${whole}\n${archive.name} of ${createdAt}, stack ${stack}, ${signed}\n`;
}

/** `backup prune` for people. */
export function formatPruned({ location, removed }: PrunedArchives): string {
  return removed.length === 0
    ? `Nothing in ${location} is older than it may be.\n`
    : `removed from ${location}:\n${removed.map((name) => `  ${name}\n`).join('')}`;
}
