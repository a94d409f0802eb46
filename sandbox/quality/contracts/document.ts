import { dirname, join } from 'node:path';
import { scaledDeadlineMs } from '../../core/deadlines.ts';
import { messageOf } from '../../core/errors.ts';
import { withoutUndefined } from '../../core/without-undefined.ts';
import { type CostClass, costClasses, type QualityMetric, type QualityPlace } from '../../engines/contract/quality.ts';
import type { EngineName } from '../../engines/engine-names.ts';
import type { Accepted, Check, Contract, DeclaredField, DeclaredObject, Severity } from './contract.ts';
import { costDeadlineMs } from './cost-deadline.ts';
import { misspelt } from './misspelt.ts';
import { problemOfRule } from './rule-arguments.ts';
import { readSmallFile } from './small-file.ts';
import { readThreshold } from './threshold.ts';

/** A file of the Open Data Contract Standard, as `contract.schema.json` lets it pass. */
export interface Document {
  readonly id: string;
  readonly team?: { readonly name?: string };
  readonly schema: readonly Entity[];
  readonly slaProperties?: readonly SlaProperty[];
  readonly customProperties?: Custom;
}

interface SlaProperty {
  readonly property: string;
  readonly value: unknown;
  readonly unit?: string;
  /** Fields that it is about, `users.created_at`, with commas between them. Default: all of the document. */
  readonly element?: string;
}

interface Entity {
  readonly name: string;
  readonly physicalName?: string;
  readonly properties?: readonly Field[];
  readonly quality?: readonly CheckText[];
  readonly customProperties?: Custom;
}

interface Field extends Omit<DeclaredField, 'required'> {
  readonly required?: boolean;
  readonly primaryKey?: boolean;
  readonly quality?: readonly CheckText[];
}

type Custom = readonly { readonly property: string; readonly value: unknown }[];

interface CheckText extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly type?: 'library' | 'custom' | 'text';
  readonly description?: string;
  readonly severity?: Severity;
  readonly metric?: QualityMetric;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly engine?: string;
  readonly implementation?: string | Readonly<Record<string, unknown>>;
  readonly customProperties?: Custom;
}

/** Name under which a check of the standard's type `custom` is ours. */
const ownEngine = 'taishang-sandbox';

/** Of lengths in the units that the standard has: `d`, `day`, `y`. */
const daysOf: Readonly<Record<string, number>> = { d: 1, day: 1, days: 1, y: 365, yr: 365, years: 365 };

/** A day. A timer knows no more than 25 of them, and would be over at once. */
const deadlineMsMax = 86_400_000;

/** The contracts of a file, one for each entity, with the texts of their queries. Throws what is wrong. */
export async function contractsOf(document: Document, engine: EngineName, file: string): Promise<readonly Contract[]> {
  return Promise.all(document.schema.map((entity) => contractOf(document, entity, engine, file)));
}

async function contractOf(document: Document, entity: Entity, engine: EngineName, file: string): Promise<Contract> {
  const fields = entity.properties ?? [];
  requireSpelling(entity);
  const [retentionDays, freshnessDays] = ['retention', 'freshness'].map((name) => daysIn(document, entity, name));
  const contract: Contract & { checks: readonly Check[] } = {
    engine,
    file,
    entity: entity.name,
    id: document.id,
    place: placeOf(entity),
    fields: fields.map((field) => ({
      name: field.name,
      required: field.required === true,
      ...withoutUndefined({ physicalType: field.physicalType, classification: field.classification }),
    })),
    objects: objectsOf(entity),
    acceptedPlaces: acceptedOf(customOf(document.customProperties, 'acceptedPlaces'), 'acceptedPlaces'),
    checks: [],
    ...withoutUndefined({ owner: document.team?.name, retentionDays, freshnessDays }),
  };
  const texts = [
    ...(entity.quality ?? []).map((text) => ({ text, field: undefined })),
    ...fields.flatMap((field) => (field.quality ?? []).map((text) => ({ text, field: field.name }))),
  ].filter(({ text }) => text.type !== 'text' && isOurs(text));
  const checks = await Promise.all(texts.map(({ text, field }) => checkOf(contract, text, field)));
  return Object.assign(contract, { checks });
}

/** Throws for a name that is nearly one of those that are read: it would be passed over. */
function requireSpelling(entity: Entity): void {
  const refuse = (part: Parameters<typeof misspelt>[0], given: object, where: string) => {
    const problem = misspelt(part, given);
    if (problem !== undefined) throw new Error(`${where}: ${problem}`);
  };
  refuse('entity', entity, entity.name);
  const checks = [...(entity.quality ?? [])];
  for (const field of entity.properties ?? []) {
    refuse('field', field, `${entity.name}.${field.name}`);
    checks.push(...(field.quality ?? []));
  }
  for (const check of checks.filter(isOurs)) {
    refuse('check', check, check.id);
    if (typeof check.implementation === 'object') refuse('implementation', check.implementation, check.id);
    refuse('arguments', check.arguments ?? {}, check.id);
  }
}

/** A check of another program's is left to that one. */
function isOurs({ type, engine }: CheckText): boolean {
  return type !== 'custom' || engine === ownEngine;
}

function placeOf({ name, physicalName = name, customProperties, properties = [] }: Entity): QualityPlace {
  const keys = properties.filter(({ primaryKey }) => primaryKey === true);
  const key = keys.length === 1 ? keys[0]?.name : undefined;
  return { name: physicalName, ...withoutUndefined({ key, database: databaseIn(customProperties) }) };
}

/** A name, or a number, as databases of Redis have it. What is neither would be the store's own one instead. */
function databaseIn(custom: Custom | undefined): string | undefined {
  const given = customOf(custom, 'database');
  if (given === undefined) return undefined;
  if (typeof given !== 'string' && typeof given !== 'number')
    throw new Error('`database` is neither a name nor a number');
  return String(given);
}

function objectsOf({ customProperties }: Entity): readonly DeclaredObject[] {
  const listed = customOf(customProperties, 'objects') ?? [];
  if (!Array.isArray(listed)) throw new Error('`objects` is no list');
  for (const each of listed as readonly Partial<DeclaredObject>[]) {
    if ([each?.kind, each?.name, each?.definition].some((text) => typeof text !== 'string')) {
      throw new Error('each of `objects` has a kind, a name and a definition');
    }
  }
  return listed as readonly DeclaredObject[];
}

function customOf(custom: Custom | undefined, name: string): unknown {
  return custom?.find(({ property }) => property === name)?.value;
}

function daysIn({ slaProperties = [], schema }: Document, entity: Entity, name: string): number | undefined {
  const named = slaProperties.filter(({ property }) => property === name);
  const isOf = ({ element }: SlaProperty) =>
    element?.split(',').some((each) => [entity.name, entity.physicalName].includes(each.trim().split('.')[0]));
  // Of one entity it is, whatever it is called there.
  const [found = schema.length === 1 ? named[0] : named.find(({ element }) => element === undefined)] =
    named.filter(isOf);
  if (found === undefined) return undefined;
  const days = Number(found.value) * (daysOf[found.unit ?? 'd'] ?? Number.NaN);
  if (!(days > 0)) throw new Error(`${name} is no number of days or years`);
  return days;
}

async function checkOf(contract: Contract, text: CheckText, field: string | undefined): Promise<Check> {
  const own = typeof text.implementation === 'object' ? text.implementation : {};
  const setting = (name: string) => own[name] ?? customOf(text.customProperties, name);
  const said = { ...text, ...own };
  const threshold = readThreshold(said);
  if (typeof threshold === 'string') throw new Error(`${text.id}: ${threshold}`);
  const given = setting('deadlineMs');
  if (given !== undefined && !(Number(given) > 0 && Number(given) <= deadlineMsMax)) {
    throw new Error(`${text.id}: deadlineMs is no number from 1 to ${deadlineMsMax}`);
  }
  const cost = setting('cost') ?? 'scan';
  if (!costClasses.some((each) => each === cost))
    throw new Error(`${text.id}: cost is none of ${costClasses.join(', ')}`);
  if (text.metric === 'rowCount' && !Object.keys(said).some((name) => name.startsWith('must'))) {
    throw new Error(`${text.id}: how many rows have to be there?`);
  }
  // A count of rows would be compared with a share of them.
  if (/^\s*(%|per ?cent)/i.test(String(said.unit ?? '')))
    throw new Error(`${text.id}: shares are not counted, rows are: \`unit: rows\``);
  return {
    id: `${contract.engine}.${contract.entity}.${text.id}`,
    contract,
    description: text.description ?? '',
    severity: text.severity ?? 'error',
    cost: cost as CostClass,
    deadlineMs: given === undefined ? costDeadlineMs(cost as CostClass) : scaledDeadlineMs(Number(given)),
    threshold,
    accepted: acceptedOf(setting('accepted'), text.id),
    ask: await askOf(contract, text, { field, query: own.query, drift: own.drift as readonly string[] | undefined }),
  };
}

function acceptedOf(listed: unknown, id: string): readonly Accepted[] {
  if (listed === undefined) return [];
  const isListed = (each: Partial<Accepted>) => typeof each?.id === 'string' && typeof each.reason === 'string';
  if (Array.isArray(listed) && listed.every(isListed)) return listed;
  throw new Error(`${id}: each of \`accepted\` has an id and a reason`);
}

async function askOf(
  contract: Contract,
  text: CheckText,
  {
    field,
    query,
    drift,
  }: { readonly field?: string | undefined; readonly query: unknown; readonly drift?: readonly string[] | undefined },
): Promise<Check['ask']> {
  if (text.metric !== undefined) {
    const given = text.arguments ?? {};
    const several = Array.isArray(given.properties) ? given.properties.map(String) : [];
    const fields = field === undefined ? several : [field];
    const rule = { metric: text.metric, fields, arguments: given };
    const problem = problemOfRule(rule);
    if (problem !== undefined) throw new Error(`${text.id}: ${problem}`);
    requireFields(contract, fields, text.id);
    return { rule };
  }
  if (drift !== undefined) {
    requireFields(contract, drift, text.id);
    return { drift };
  }
  if (typeof query !== 'string')
    throw new Error(`${text.id}: it has neither a metric nor a query, nor fields that drift`);
  if (query.split('/').includes('..')) throw new Error(`${text.id}: its query lies outside of the contracts`);
  const file = join(dirname(contract.file), query);
  return { file, query: await queryIn(file, text.id) };
}

async function queryIn(file: string, id: string): Promise<string> {
  return readSmallFile(file).catch((thrown) => {
    throw new Error(`${id}: its query ${file} cannot be read: ${messageOf(thrown)}`);
  });
}

function requireFields(contract: Contract, fields: readonly string[], id: string): void {
  const unknown = fields.find((name) => contract.fields.every((field) => field.name !== name));
  if (unknown !== undefined) throw new Error(`${id}: there is no field ${unknown}`);
}
