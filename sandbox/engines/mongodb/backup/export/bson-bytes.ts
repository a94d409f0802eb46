import { BSON } from 'mongodb';

/** An element of a document, as it lies in its bytes. */
export interface Element {
  /** BSON's number of the type (bsonspec.org): 3 is a document, 4 an array. */
  readonly type: number;
  readonly name: string;
  /** The element as it is, with type and name. */
  readonly bytes: Buffer;
  readonly value: Buffer;
}

const types = { string: 2, document: 3, array: 4, codeWithScope: 15 } as const;

const { parseToElements } = BSON.onDemand;

/** Elements in their order; of two with the same name, both. Throws where the bytes are no document. */
export function elementsOf(document: Buffer): readonly Element[] {
  requireLength(document);
  return [...parseToElements(document)].map(([type, nameOffset, nameLength, offset, length]) => ({
    type,
    name: document.toString('utf8', nameOffset, nameOffset + nameLength),
    bytes: document.subarray(nameOffset - 1, offset + length),
    value: document.subarray(offset, offset + length),
  }));
}

/** The parser takes bytes after the end for nothing. */
function requireLength(document: Buffer): void {
  const length = document.length < 4 ? 0 : document.readInt32LE(0);
  if (length !== document.length) throw new Error(`a document of ${length} bytes has ${document.length}`);
}

/** A document of elements. */
export function documentOf(elements: readonly Pick<Element, 'bytes'>[]): Buffer {
  const length = Buffer.alloc(4);
  const bytes = Buffer.concat([length, ...elements.map((element) => element.bytes), Buffer.alloc(1)]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}

/** The document without the named elements, its other ones by name: at this level their order means nothing. */
export function sortedWithout(document: Buffer, left: readonly string[]): Buffer {
  const kept = elementsOf(document).filter(({ name }) => !left.includes(name));
  return documentOf(kept.toSorted((one, other) => Buffer.compare(one.bytes.subarray(1), other.bytes.subarray(1))));
}

/** A string of a document; `undefined` where it has none of this name. */
export function textOf(document: Buffer, name: string): string | undefined {
  const found = elementsOf(document).find((element) => element.name === name && element.type === types.string);
  return found?.value.toString('utf8', 4, found.value.length - 1);
}

/** A document within a document, or an empty one. */
export function documentIn(document: Buffer, name: string): Buffer {
  const found = elementsOf(document).find((element) => element.name === name && element.type === types.document);
  return found?.value ?? documentOf([]);
}

/**
 * Throws where the bytes are no document to their last level: lengths that do not fit, types that are none. It goes as
 * deep as they do without calling itself.
 */
export function requireDocument(document: Buffer): void {
  requireLength(document);
  const starts = [0];
  for (let start = starts.pop(); start !== undefined; start = starts.pop()) {
    for (const [type, , , offset, length] of parseToElements(document, start)) {
      if (type === types.document || type === types.array) starts.push(offset);
      if (type === types.codeWithScope) starts.push(scopeOf(document, offset, length));
    }
  }
}

/** Its own length, that of the code, the code, and then the scope. */
function scopeOf(document: Buffer, offset: number, length: number): number {
  const codeBytes = length < 8 ? -1 : document.readInt32LE(offset + 4);
  const start = offset + 8 + codeBytes;
  if (codeBytes < 1 || start + 5 > offset + length) throw new Error('a scope lies outside of its code');
  return start;
}

/** What the driver is given where it must not change the order: a map in place of each document. */
export type OrderedDocument = Map<string, unknown>;

/** Deepest document that becomes a map: MongoDB's own limit is 100 ("Limits and Thresholds", nested depth). */
const depthMax = 200;

/**
 * The document for a command of the driver: JavaScript's objects put names like `2026` first, a map does not. Values
 * keep their BSON types. For definitions alone: documents pass as bytes. Throws where a name is there twice.
 */
export function orderedDocument(document: Buffer, depth = 0): OrderedDocument {
  const ordered: OrderedDocument = new Map();
  for (const element of elementsOf(document)) {
    if (ordered.has(element.name)) throw new Error(`${JSON.stringify(element.name)} is there twice`);
    ordered.set(element.name, orderedValue(element, depth));
  }
  return ordered;
}

function orderedValue({ type, value, bytes, name }: Element, depth: number): unknown {
  if (depth > depthMax) throw new Error(`documents lie within each other more than ${depthMax} times`);
  if (type === types.document) return orderedDocument(value, depth + 1);
  if (type === types.array) return elementsOf(value).map((element) => orderedValue(element, depth + 1));
  return BSON.deserialize(documentOf([{ bytes }]), { promoteValues: false, bsonRegExp: true })[name];
}
