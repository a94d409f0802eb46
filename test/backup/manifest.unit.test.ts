import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { manifestChecksum, manifestText, readManifest } from '../../sandbox/backup/archive/manifest.ts';
import { SandboxError } from '../../sandbox/core/errors.ts';
import { manifestOf } from './support/made-up-archive.ts';

const seed = Number(process.env.SANDBOX_TEST_SEED ?? Date.now() % 1_000_000);

type Path = readonly (string | number)[];

/** With every member that a manifest may have. */
function whole() {
  const manifest = manifestOf({ 'redis/dump.rdb': Buffer.from('x'), 'redis/users.acl': Buffer.from('y') });
  const [engine] = manifest.engines;
  if (engine === undefined) throw new Error('it has an engine');
  const backup = { ...engine.backup, consistentPoint: { no: 'each at a moment of its own' } };
  const leftOut = [{ what: 'a function', why: 'it is native' }];
  const applied = [{ name: '1.sql', hash: 'f'.repeat(64) }];
  const migrated = { platformSchema: true, applied, command: 'c', seed: 's', pending: '2.sql', gaps: ['an index'] };
  return {
    ...manifest,
    dataset: { size: 'small', seed: 7, fingerprint: 'f'.repeat(64) },
    engines: [{ ...engine, backup, base: { from: 'here' }, leftOut, migrated, nodesDown: ['redis-2'] }],
    leftOut: [{ engine: 'neo4j', why: 'it has no backup' }],
  };
}

/** Each with the place of the member in the text of a problem. */
const members: readonly (readonly [Path, string])[] = [
  ...['runId', 'createdAt', 'stack', 'dataset', 'engines', 'leftOut'].map((name) => [[name], name] as const),
  ...['size', 'seed', 'fingerprint'].map((name) => [['dataset', name], `dataset.${name}`] as const),
  ...['engine', 'why'].map((name) => [['leftOut', 0, name], `leftOut[0].${name}`] as const),
  ...['backup', 'topology', 'datasetFingerprint', 'leftOut', 'durationMs', 'sizeBytes'].map(
    (name) => [['engines', 0, name], `engines[0].${name}`] as const,
  ),
  [['engines', 0, 'nodesDown', 0], 'engines[0].nodesDown[0]'],
  ...['platformSchema', 'applied', 'gaps'].map(
    (name) => [['engines', 0, 'migrated', name], `engines[0].migrated.${name}`] as const,
  ),
  ...['name', 'hash'].map(
    (name) => [['engines', 0, 'migrated', 'applied', 0, name], `engines[0].migrated.applied[0].${name}`] as const,
  ),
  ...['engine', 'serverVersion', 'origin', 'method', 'consistentPoint', 'position', 'parts'].map(
    (name) => [['engines', 0, 'backup', name], `engines[0].backup.${name}`] as const,
  ),
  ...['path', 'sizeBytes', 'sha256'].map(
    (name) => [['engines', 0, 'backup', 'parts', 1, name], `engines[0].backup.parts[1].${name}`] as const,
  ),
];

function withMember(path: Path, value: unknown): unknown {
  const manifest: unknown = structuredClone(whole());
  let at = manifest as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string | number, unknown>;
  at[path.at(-1) as string | number] = value;
  return manifest;
}

function read(manifest: unknown) {
  const text = typeof manifest === 'string' ? manifest : manifestText(manifest as ReturnType<typeof manifestOf>);
  return readManifest(Buffer.from(text), Buffer.from(manifestChecksum(text)));
}

function refusalOf(manifest: unknown): SandboxError {
  try {
    read(manifest);
  } catch (thrown) {
    if (thrown instanceof SandboxError) return thrown;
    throw thrown;
  }
  throw new Error('it was taken');
}

describe('the manifest of an archive', () => {
  test('is read with every member, and with what it does not know', () => {
    const manifest = whole();
    expect(read(manifest)).toEqual(manifest);
    expect(read({ ...whole(), later: { anything: [1] } })).toMatchObject({ stack: 'made-up' });
  });

  test.each(members)('is refused where %j is of the wrong kind, and the error names %s', (path, name) => {
    // Nothing of it is a text, a count, a list of such things, or absent.
    const refusal = refusalOf(withMember(path, -0.5));
    expect(refusal.code).toBe('BACKUP_MANIFEST_INVALID');
    expect(refusal.message).toContain(`its manifest is not valid: ${name} must`);
  });

  test.each(members.filter(([path]) => path.at(-1) !== 'leftOut' && !path.includes('nodesDown')))(
    'is refused without %j',
    (path) => {
      const refusal = refusalOf(withMember(path, undefined));
      expect(refusal.code).toBe('BACKUP_MANIFEST_INVALID');
      expect(refusal.message).toContain(`must have required property '${path.at(-1)}'`);
    },
  );

  test('has nothing from a prototype', () => {
    const text = manifestText(withMember(['runId'], undefined) as ReturnType<typeof manifestOf>);
    const inherited = text.replace('{', '{ "__proto__": { "runId": "x" }, "constructor": { "runId": "x" },');
    expect(refusalOf(inherited).message).toContain("must have required property 'runId'");
  });

  test('is refused where an engine, or a file of one, comes twice', () => {
    const { engines, ...rest } = whole();
    expect(refusalOf({ ...rest, engines: [...engines, ...engines] }).message).toContain('it names an engine twice');
    const again = withMember(['engines', 0, 'backup', 'parts', 1, 'path'], 'dump.rdb');
    expect(refusalOf(again).message).toContain('it names a file of redis twice');
  });

  test(`is refused by a code of its own, or read, whatever stands in it (SANDBOX_TEST_SEED=${seed})`, () => {
    const codes = ['BACKUP_MANIFEST_INVALID', 'BACKUP_FORMAT_NEWER', 'BACKUP_PATH_UNSAFE'];
    const paths = fc.constantFrom<Path>(...members.map(([path]) => path), ['formatVersion'], ['engines', 0]);
    fc.assert(
      fc.property(paths, fc.jsonValue(), (path, value) => {
        try {
          read(withMember(path, value));
        } catch (thrown) {
          expect(codes).toContain((thrown as SandboxError).code);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});
