import { gzipSync } from 'node:zlib';
import { manifestText } from '../../../../sandbox/backup/archive/manifest.ts';
import type { Random } from '../../../../seeds/random/random.ts';
import { type Contents, described, engineOf } from './contents.ts';
import { canary, doorAclLines, foreignAclLines, hostileNames, hostileStatements } from './hostile-texts.ts';
import { mutateJson } from './mutate-json.ts';

/** A well-formed, well-sealed archive whose contents are not what a backup writes. */
export interface Mutant {
  /** What was done to which archive. */
  readonly name: string;
  readonly contents: Contents;
  /** Text of its manifest, where that is not what describes the contents. */
  readonly manifest?: string;
  /**
   * `refused`: whoever takes it has been taken in. `named`: it brings rights that must be named. Absent: what it is worth
   * is not known; whatever becomes of it, nothing else may happen.
   */
  readonly expected?: 'refused' | 'named';
}

type Change = (contents: Contents, random: Random) => Omit<Mutant, 'name'> | undefined;

/** What a bomb unpacks to, in bytes; the target is said to have less room: see `offline-check.ts`. */
const bombBytes = 512 * 2 ** 20;
/** More than a file may have that is read as a whole. */
const spaces = Buffer.alloc(96 * 2 ** 20, ' ');

/** Kinds of changes by their names, each of which is made as often as another where it can be made. */
const changes: Readonly<Record<string, Change>> = {
  'a value of JSON': (contents, random) =>
    inPart(contents, random, /\.json$/, (content) => Buffer.from(mutateJson(content.toString(), random))),
  'the text of JSON cut': (contents, random) =>
    inPart(contents, random, /\.json$/, (content) => content.subarray(0, random.int(content.length))),
  'a value of the manifest': (contents, random) => ({
    contents,
    manifest: mutateJson(manifestText(described(contents)), random),
  }),
  'a statement more': (contents, random) =>
    inPart(contents, random, /\.sql$/, (content) => withLine(content, random.pick(hostileStatements), random)),
  'a program in a statement': (contents, random) =>
    inPart(contents, random, /^globals\.sql$/, (content) => withLine(content, hostileStatements[0] ?? '', random)),
  'a database with the name of a connection': (contents, random) =>
    inPart(contents, random, /^databases\.json$/, (content) => {
      const [first, ...others] = JSON.parse(content.toString()) as { readonly name: string }[];
      const name = random.pick(hostileNames.filter((each) => each.includes(`user=${canary}`)));
      return Buffer.from(JSON.stringify([{ ...first, name }, ...others]));
    }),
  'a line of users that is none': (contents, random) => {
    const changed = inPart(contents, random, /\.acl$/, (content) =>
      withLine(content, random.pick(foreignAclLines), random),
    );
    return changed && { ...changed, expected: 'refused' };
  },
  'a user with a door': (contents, random) => {
    const changed = inPart(contents, random, /\.acl$/, () => Buffer.from(`${random.pick(doorAclLines)}\n`));
    return changed && { ...changed, expected: 'named' };
  },
  'a file outside of the archive': (contents) => {
    const text = contents.files.get('catalogue.json')?.toString() ?? '';
    const [named] = /"file":\s*"[^"]*"/.exec(text) ?? [];
    if (named === undefined) return undefined;
    return {
      ...replaced(contents, 'catalogue.json', text.replace(named, '"file": "../../pipe"')),
      expected: 'refused',
    };
  },
  'a bomb within a part': (contents, random) => {
    const changed = inPart(contents, random, /\.snapshot$/, () => bomb());
    return changed && { ...changed, expected: 'refused' };
  },
  'a part of spaces': (contents, random) => inPart(contents, random, /\.(?:json|sql|acl)$/, () => spaces),
  'bytes of a part': (contents, random) => inPart(contents, random, /./, (content) => withBytes(content, random)),
  'an end of a part': (contents, random) =>
    inPart(contents, random, /./, (content) => content.subarray(0, random.int(content.length + 1))),
  'more behind a part': (contents, random) =>
    inPart(contents, random, /./, (content) =>
      Buffer.concat([content, content.subarray(random.int(content.length + 1))]),
    ),
  'a part in the place of another': (contents, random) => {
    const other = random.pick([...contents.files.values()]);
    return inPart(contents, random, /./, () => other);
  },
  'a part less': (contents, random) => {
    const files = new Map(contents.files);
    files.delete(random.pick([...files.keys()]));
    return { contents: { ...contents, files } };
  },
  'a part more': (contents, random) => {
    const path = `${random.pick(hostileNames)}${random.pick(['', '.json', '.dump', '.bson', '.snapshot'])}`;
    return replaced(contents, path, random.pick([...contents.files.values()]));
  },
  'a part under another name': (contents, random) => {
    const files = new Map(contents.files);
    const [path, content] = random.pick([...files]);
    files.delete(path);
    return { contents: { ...contents, files: files.set(random.pick(hostileNames), content) } };
  },
};

const large: ReadonlySet<string> = new Set(['a bomb within a part', 'a part of spaces']);

/** The mutant of this number: the same of the same seed. */
export function mutantOf(bases: readonly Contents[], random: Random, only = Object.keys(changes)): Mutant {
  for (;;) {
    const contents = random.pick(bases);
    const kind = random.pick(only);
    // They take seconds each.
    if (large.has(kind) && only.length > large.size && !random.chance(0.1)) continue;
    const changed = changes[kind]?.(contents, random);
    if (changed !== undefined) return { name: `${engineOf(contents)}: ${kind}`, ...changed };
  }
}

function inPart(
  contents: Contents,
  random: Random,
  pattern: RegExp,
  change: (content: Buffer) => Buffer,
): Omit<Mutant, 'name'> | undefined {
  const paths = [...contents.files.keys()].filter((path) => pattern.test(path));
  if (paths.length === 0) return undefined;
  const path = random.pick(paths);
  return replaced(contents, path, change(contents.files.get(path) as Buffer));
}

function replaced(contents: Contents, path: string, content: Buffer | string): { readonly contents: Contents } {
  return { contents: { ...contents, files: new Map(contents.files).set(path, Buffer.from(content as Buffer)) } };
}

function withLine(content: Buffer, line: string, random: Random): Buffer {
  const lines = content.toString('latin1').split('\n');
  lines.splice(random.int(lines.length + 1), 0, line);
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** One to eight bytes, among them lengths that are too large or negative. */
function withBytes(content: Buffer, random: Random): Buffer {
  if (content.length === 0) return Buffer.from([0]);
  const changed = Buffer.from(content);
  const at = random.int(changed.length);
  if (random.chance(0.5)) changed[at] = random.int(256);
  else changed.fill(random.pick([0x00, 0x7f, 0xff, 0x80]), at, Math.min(changed.length, at + 1 + random.int(8)));
  return changed;
}

let madeBomb: Buffer | undefined;

/** A tar in gzip whose one file has {@link bombBytes}. */
function bomb(): Buffer {
  if (madeBomb !== undefined) return madeBomb;
  const pieceBytes = 64 * 2 ** 20;
  const piece = gzipSync(Buffer.alloc(pieceBytes), { level: 9 });
  // Members of gzip one after the other are one file (RFC 1952, 2.2).
  madeBomb = Buffer.concat([
    gzipSync(tarHeader('collection/collection.json', bombBytes)),
    ...Array.from({ length: bombBytes / pieceBytes }, () => piece),
    gzipSync(Buffer.alloc(1_024)),
  ]);
  return madeBomb;
}

function tarHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000600\0', 100);
  header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        0', 148);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
