/** What may be done with something, as `aclexplode` lists it. No grantee: everybody. */
export interface Right {
  readonly grantor: string;
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
  /** Of one column of a relation. */
  readonly column?: string;
}

export interface CataloguedRole {
  readonly name: string;
  readonly superuser: boolean;
  readonly inherit: boolean;
  readonly createRole: boolean;
  readonly createDatabase: boolean;
  readonly login: boolean;
  readonly replication: boolean;
  readonly bypassRls: boolean;
  /** -1: none. */
  readonly connectionLimit: number;
  /** Its verifier. */
  readonly password: string | null;
  readonly validUntil: string | null;
  readonly comment: string | null;
}

export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly grantor: string;
  readonly admin: boolean;
  /** Null in backups of the first release where it is the member's own. */
  readonly inherit: boolean | null;
  readonly set: boolean;
}

/** A setting of a role, of a database, of a role in a database, or of everybody. */
export interface Setting {
  readonly database: string | null;
  readonly role: string | null;
  readonly name: string;
  /** As the catalogue holds it. */
  readonly value: string;
}

export interface Tablespace {
  readonly name: string;
  readonly owner: string;
  readonly comment: string | null;
  readonly options: readonly { readonly name: string; readonly value: string }[];
  readonly rights: readonly Right[];
}

/** What a database is like from outside. */
export interface CataloguedDatabase {
  readonly name: string;
  /** File with what is in it; null where that is what every server comes with. */
  readonly file: string | null;
  /** What it took on disk, its indexes included. */
  readonly sizeBytes: number;
  readonly owner: string;
  readonly encoding: string;
  /** libc, ICU, the server itself. */
  readonly localeProvider: 'c' | 'i' | 'b';
  readonly collate: string;
  readonly ctype: string;
  readonly locale: string | null;
  readonly icuRules: string | null;
  readonly tablespace: string;
  readonly connectionLimit: number;
  readonly isTemplate: boolean;
  readonly allowConnections: boolean;
  readonly comment: string | null;
  readonly rights: readonly Right[];
  /** Absent in backups of the first release. */
  readonly content?: Content | null;
  /** In backups of the first release, of whose content nothing else is known. */
  readonly extensions?: readonly Extension[];
}

/** Something in a database that has an owner, addressed as `pg_identify_object_as_address` does. */
export interface OwnedObject {
  readonly type: string;
  readonly names: readonly string[];
  readonly arguments: readonly string[];
  /** Whether it is the user's; otherwise an extension's or the system's, and its rights are other than they came. */
  readonly own: boolean;
  readonly owner: string;
  /** Null where there are none to give. */
  readonly rights: readonly Right[] | null;
  readonly columns: readonly Right[];
}

interface DefaultRights {
  readonly role: string;
  readonly schema: string | null;
  /** `defaclobjtype`. */
  readonly kind: 'r' | 'S' | 'f' | 'T' | 'n' | 'L';
  readonly rights: readonly Right[];
}

export interface Extension {
  readonly name: string;
  readonly version: string;
  readonly schema: string;
  readonly comment: string | null;
}

interface EventTrigger {
  readonly name: string;
  readonly event: string;
  readonly tags: readonly string[];
  /** `evtenabled`. */
  readonly enabled: 'O' | 'D' | 'R' | 'A';
  readonly functionSchema: string;
  readonly function: string;
  readonly comment: string | null;
}

/** A publication that only a superuser may make: of all tables, or of all tables of schemas. */
export interface WidePublication {
  readonly name: string;
  readonly allTables: boolean;
  readonly schemas: readonly string[];
  readonly publish: readonly ('insert' | 'update' | 'delete' | 'truncate')[];
  readonly viaRoot: boolean;
}

/** What a dump leaves to us of a database's inside. */
export interface Content {
  readonly objects: readonly OwnedObject[];
  readonly defaults: readonly DefaultRights[];
  readonly extensions: readonly Extension[];
  readonly eventTriggers: readonly EventTrigger[];
  readonly publications: readonly WidePublication[];
}

/** Everything of a server that is not inside of a dump. */
export interface Catalogue {
  readonly roles: readonly CataloguedRole[];
  readonly memberships: readonly Membership[];
  readonly settings: readonly Setting[];
  readonly tablespaces: readonly Tablespace[];
  /** Rights on settings of the server. */
  readonly parameters: readonly { readonly name: string; readonly rights: readonly Right[] }[];
  readonly databases: readonly CataloguedDatabase[];
}
