/** A piece of SQL as PostgreSQL's tools write it. */
export interface Token {
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'sign';
  /** Words in upper case, names and texts without their quotes. */
  readonly value: string;
}

const patterns: readonly (readonly [Token['kind'] | 'nothing', RegExp])[] = [
  ['nothing', /\s+/y],
  ['nothing', /--[^\n]*(?:\n|$)/y],
  // Commands of psql, which nothing here is.
  ['nothing', /\\(?:un)?restrict [A-Za-z0-9]+(?:\n|$)/y],
  ['nothing', /\\(?:connect|encoding) [^\n]*(?:\n|$)/y],
  ['text', /[Ee]'((?:[^'\\]|''|\\[\s\S])*)'/y],
  ['text', /'((?:[^']|'')*)'/y],
  ['name', /"((?:[^"]|"")+)"/y],
  ['number', /-?[0-9]+(?:\.[0-9]+)?/y],
  ['word', /[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y],
  ['sign', /[;,=().]/y],
];

/** Splits a script into statements of tokens. Throws at what the tools never write: it is not guessed at. */
export function statementsOf(script: string): readonly (readonly Token[])[] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  for (let offset = 0; offset < script.length; ) {
    const [token, end] = tokenAt(script, offset);
    offset = end;
    if (token === undefined) continue;
    if (token.kind !== 'sign' || token.value !== ';') current.push(token);
    else {
      statements.push(current);
      current = [];
    }
  }
  if (current.length > 0) throw new Error('the last statement does not end');
  return statements;
}

function tokenAt(script: string, offset: number): readonly [Token | undefined, number] {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = offset;
    const match = pattern.exec(script);
    if (match === null) continue;
    const end = pattern.lastIndex;
    if (kind === 'nothing') return [undefined, end];
    return [{ kind, value: contentOf(kind, match[0], match[1]) }, end];
  }
  throw new Error(`character ${offset + 1} begins nothing that PostgreSQL's tools write`);
}

function contentOf(kind: Token['kind'], whole: string, inner: string | undefined): string {
  if (kind === 'name') return (inner ?? '').replaceAll('""', '"');
  if (kind !== 'text') return whole;
  const text = (inner ?? '').replaceAll("''", "'");
  // `E'...'` is what the tools write where a text has a backslash, which they double.
  return /^[Ee]/.test(whole) ? text.replaceAll('\\\\', '\\') : text;
}

/** Reads the tokens of one statement from left to right. */
export interface Reader {
  readonly isAtEnd: () => boolean;
  /** Takes these words if they come next. */
  readonly takes: (...words: readonly string[]) => boolean;
  readonly expect: (...words: readonly string[]) => void;
  /** The error of a statement in which something else comes next. */
  readonly wrong: (wanted: string) => Error;
  readonly name: () => string;
  readonly text: () => string;
  readonly number: () => number;
  readonly sign: (sign: string) => boolean;
  readonly word: () => string;
}

export function readerOf(tokens: readonly Token[]): Reader {
  let place = 0;
  const wrong = (wanted: string) => {
    const beginning = tokens
      .slice(0, 4)
      .map(({ value }) => value)
      .join(' ');
    return new Error(
      `${wanted} was expected in the statement that begins with ${JSON.stringify(beginning.slice(0, 80))}`,
    );
  };
  const next = (kinds: readonly Token['kind'][], wanted: string): string => {
    const token = tokens[place];
    if (token === undefined || !kinds.includes(token.kind)) throw wrong(wanted);
    place += 1;
    return token.value;
  };
  const isNext = (word: string, index: number) => {
    const token = tokens[place + index];
    return token?.kind === 'word' && token.value.toUpperCase() === word;
  };
  const takes = (...words: readonly string[]) => {
    if (!words.every(isNext)) return false;
    place += words.length;
    return true;
  };
  return {
    isAtEnd: () => place === tokens.length,
    wrong,
    takes,
    expect: (...words) => {
      if (!takes(...words)) throw wrong(words.join(' '));
    },
    name: () => next(['name', 'word'], 'a name'),
    text: () => next(['text'], 'a text'),
    number: () => Number(next(['number'], 'a number')),
    word: () => next(['word'], 'a word').toUpperCase(),
    sign: (sign) => {
      const token = tokens[place];
      if (token?.kind !== 'sign' || token.value !== sign) return false;
      place += 1;
      return true;
    },
  };
}
