import type { CataloguedDatabase, Right, Tablespace } from '../../catalogue/catalogue.ts';
import type { Reader } from '../../catalogue/sql-tokens.ts';
import { type Changeable, known, type Told } from './told.ts';
import { readMembership } from './told-roles.ts';

export function readGrant(told: Told, reader: Reader): void {
  const first = reader.name();
  if (reader.takes('TO')) {
    readMembership(told, reader, first);
    return;
  }
  const change = readRights(told, reader, first, 'TO');
  const grantable = reader.takes('WITH', 'GRANT', 'OPTION');
  change.set([
    ...change.rights,
    ...change.privileges.map((privilege) => ({ grantor: change.owner, grantee: change.grantee, privilege, grantable })),
  ]);
}

export function readRevoke(told: Told, reader: Reader): void {
  const change = readRights(told, reader, reader.name(), 'FROM');
  change.set(
    change.rights.filter(
      ({ grantee, privilege }) => grantee !== change.grantee || !change.privileges.includes(privilege),
    ),
  );
}

const privilegesOf = {
  DATABASE: ['CREATE', 'TEMPORARY', 'CONNECT'],
  TABLESPACE: ['CREATE'],
  PARAMETER: ['SET', 'ALTER SYSTEM'],
};

function readRights(told: Told, reader: Reader, first: string, direction: 'TO' | 'FROM') {
  const named = [first.toUpperCase() + (reader.takes('SYSTEM') ? ' SYSTEM' : '')];
  while (reader.sign(',')) named.push(reader.word() + (reader.takes('SYSTEM') ? ' SYSTEM' : ''));
  reader.expect('ON');
  const kind = reader.word();
  const all = privilegesOf[kind as keyof typeof privilegesOf];
  if (all === undefined) throw reader.wrong('DATABASE, TABLESPACE or PARAMETER');
  const name = reader.name();
  const { owner, rights, set } = rightsOf(told, reader, kind, name);
  reader.expect(direction);
  const grantee = reader.takes('PUBLIC') ? null : reader.name();
  const privileges = named.includes('ALL') ? all : named;
  if (!privileges.every((privilege) => all.includes(privilege))) throw reader.wrong('a privilege');
  return { owner, rights, set, grantee, privileges };
}

function rightsOf(told: Told, reader: Reader, kind: string, name: string) {
  if (kind === 'PARAMETER') {
    const set = (rights: readonly Right[]) => void told.parameters.set(name, [...rights]);
    return { owner: 'postgres', rights: told.parameters.get(name) ?? [], set };
  }
  const thing: Changeable<CataloguedDatabase> | Changeable<Tablespace> =
    kind === 'DATABASE' ? known(told.databases, name, reader) : known(told.tablespaces, name, reader);
  const set = (rights: readonly Right[]) => {
    thing.rights = rights;
  };
  return { owner: thing.owner, rights: thing.rights, set };
}
