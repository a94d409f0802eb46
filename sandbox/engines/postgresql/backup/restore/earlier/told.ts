import type {
  CataloguedDatabase,
  CataloguedRole,
  Extension,
  Membership,
  Right,
  Setting,
  Tablespace,
} from '../../catalogue/catalogue.ts';
import type { Reader } from '../../catalogue/sql-tokens.ts';

export type Changeable<Value> = { -readonly [Name in keyof Value]: Value[Name] };

/** What the scripts of a backup of the first release say, as far as they were read. */
export interface Told {
  readonly roles: Map<string, Changeable<CataloguedRole>>;
  readonly memberships: Membership[];
  readonly settings: Setting[];
  readonly tablespaces: Map<string, Changeable<Tablespace>>;
  readonly parameters: Map<string, Right[]>;
  readonly databases: Map<string, Changeable<CataloguedDatabase>>;
  readonly extensions: Extension[];
}

export const nothingTold = (): Told => ({
  roles: new Map(),
  memberships: [],
  settings: [],
  tablespaces: new Map(),
  parameters: new Map(),
  databases: new Map(),
  extensions: [],
});

/** What an earlier statement has created. Throws where none has. */
export function known<Value>(values: ReadonlyMap<string, Value>, name: string, reader: Reader): Value {
  const value = values.get(name);
  if (value === undefined) throw reader.wrong(`something that was created, not ${name},`);
  return value;
}
