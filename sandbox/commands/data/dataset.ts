import { createDataset } from '../../../seeds/create-dataset.ts';
import type { EntityName } from '../../../seeds/entities.ts';
import { entityNames } from '../../dataset/check/fields.ts';
import { type ExportManifest, exportDataset } from '../../dataset/export-dataset.ts';
import { type FileFormat, fileFormats } from '../../dataset/read/row-files.ts';
import { badOption, parseChoice, parseWholeNumber } from '../options/names.ts';
import type { Action } from '../run-action.ts';

/** `dataset export`: writes the dataset into files for other tools. */
export const dataset: Action = async ({ arguments: [what, ...rest], flags, format, settings, progress, signal }) => {
  if (what !== 'export' || rest.length > 0)
    throw badOption(`dataset: there is no \`${what}\`.`, 'Use: dataset export.');
  if (typeof flags.to !== 'string' || flags.to === '') {
    throw badOption('dataset export: --to names no folder.', 'Name a folder that is not there yet: --to ./rows.');
  }
  if (settings.size === 'none') throw badOption('--size: none has no rows.', 'Use small, medium, large or counts.');
  const short = fileFormats.find((name) => name === format);
  if (short !== undefined && flags.fileFormat !== undefined) {
    throw badOption('--format and --file-format both name the format of the files.', 'Leave one of them out.');
  }
  const seed = flags.seed === undefined ? {} : { seed: parseWholeNumber(flags.seed, 0, '--seed') };
  const manifest = await exportDataset({
    dataset: createDataset({ size: settings.size, ...seed }),
    to: flags.to,
    format: short ?? parseFileFormat(flags.fileFormat),
    ...(flags.entities === undefined ? {} : { entities: parseEntities(String(flags.entities)) }),
    progress,
    signal,
  });
  return { document: manifest, text: () => formatExport(manifest, String(flags.to)) };
};

function parseFileFormat(given: unknown): FileFormat {
  return parseChoice(String(given ?? 'ndjson'), fileFormats, '--file-format');
}

function parseEntities(text: string): readonly EntityName[] {
  const given = text.split(',').map((part) => part.trim());
  return given.map((name) => parseChoice(name, entityNames, '--entities'));
}

function formatExport({ files, size, seed, fingerprint }: ExportManifest, to: string): string {
  const lines = files.map(
    ({ file, rows, sizeBytes }) =>
      `${file.padEnd(26)} ${rows.toLocaleString('en').padStart(11)} rows  ${(sizeBytes / 1e6).toFixed(1).padStart(9)} MB`,
  );
  return `${lines.join('\n')}\n${to}: ${size}, seed ${seed}, fingerprint ${fingerprint}\n`;
}
