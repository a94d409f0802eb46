import type { Reader } from '../../catalogue/sql-tokens.ts';
import { known, type Told } from './told.ts';
import { settingOf } from './told-settings.ts';

export function readNewRole(told: Told, reader: Reader): void {
  const name = reader.name();
  const off = { superuser: false, inherit: true, createRole: false, createDatabase: false, login: false };
  const rest = {
    replication: false,
    bypassRls: false,
    connectionLimit: -1,
    password: null,
    validUntil: null,
    comment: null,
  };
  told.roles.set(name, { name, ...off, ...rest });
}

const attributes = {
  SUPERUSER: 'superuser',
  INHERIT: 'inherit',
  CREATEROLE: 'createRole',
  CREATEDB: 'createDatabase',
  LOGIN: 'login',
  REPLICATION: 'replication',
  BYPASSRLS: 'bypassRls',
} as const;

export function readRole(told: Told, reader: Reader): void {
  const name = reader.takes('ALL') ? null : reader.name();
  const database = reader.takes('IN', 'DATABASE') ? reader.name() : null;
  if (reader.takes('SET')) {
    told.settings.push(settingOf(reader, { database, role: name }));
    return;
  }
  reader.expect('WITH');
  const role = known(told.roles, name ?? '', reader);
  while (!reader.isAtEnd()) {
    if (reader.takes('CONNECTION', 'LIMIT')) role.connectionLimit = reader.number();
    else if (reader.takes('PASSWORD')) role.password = reader.text();
    else if (reader.takes('VALID', 'UNTIL')) role.validUntil = reader.text();
    else {
      const word = reader.word();
      const isOff = word.startsWith('NO') && word.slice(2) in attributes;
      const attribute = attributes[(isOff ? word.slice(2) : word) as keyof typeof attributes];
      if (attribute === undefined) throw reader.wrong('an attribute of a role');
      else role[attribute] = !isOff;
    }
  }
}

export function readMembership(told: Told, reader: Reader, role: string): void {
  const member = reader.name();
  let [admin, inherit, set] = [false, null as boolean | null, true];
  if (reader.takes('WITH')) {
    do {
      const option = reader.word();
      const value = ['OPTION', 'TRUE'].includes(reader.word());
      if (option === 'ADMIN') admin = value;
      else if (option === 'INHERIT') inherit = value;
      else if (option === 'SET') set = value;
      else throw reader.wrong('an option of a membership');
    } while (reader.sign(','));
  }
  const grantor = reader.takes('GRANTED', 'BY') ? reader.name() : 'postgres';
  told.memberships.push({ role, member, grantor, admin, inherit, set });
}
