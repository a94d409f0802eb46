import { join, relative } from 'node:path';
import type { Node } from 'typescript/unstable/ast';
import {
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isTypeAliasDeclaration,
} from 'typescript/unstable/ast/is';
import { API, type Checker, type Symbol as NamedSymbol, type Project, SymbolFlags } from 'typescript/unstable/sync';
import manifest from '../../../package.json' with { type: 'json' };
import { type Documented, textOf } from './declaration-text.ts';

const root = join(import.meta.dirname, '../../..');

const head = `# Programming interface

What each entry point of the package exports, and the members of the types that its functions name: nothing else is public.
Made from the sources, whose docstrings say more, by \`npx node test/docs/print-api.ts > docs/api.md\`; a test holds them
together.
`;

interface Entry {
  readonly path: string;
  readonly exported: readonly Documented[];
}

// Not by typedoc: 0.28.20 takes compilers up to 6.0, and this package is built by 7. Beside one of its own, over the built
// declarations, it calls entry points by their files, writes `EngineName` out wherever it stands, and leaves out types that
// are named and not exported.

/** What `docs/api.md` is to hold, from the sources as they are. */
export function apiReference(): string {
  // The compiler's own interface, which is unstable: a change of its version, which is pinned, shows in the test.
  const api = new API({ cwd: root });
  try {
    const configuration = join(root, 'tsconfig.build.json');
    const project = api.updateSnapshot({ openProjects: [configuration] }).getProject(configuration);
    if (project === undefined) throw new Error(`${configuration} is no project`);
    const entries = Object.entries(manifest.exports).flatMap(([path, entry]) =>
      typeof entry === 'string' ? [] : [{ path, exported: exportsOf(project, sourceOf(entry.default)) }],
    );
    const shown = new Set(entries.flatMap(({ exported }) => exported.map(({ node }) => node)));
    return [head, ...entries.map((entry) => sectionOf(project, entry, shown))].join('\n');
  } finally {
    api.close();
  }
}

/** Everything that it exports, and types that this names and nobody exports, each where it is named first. */
function sectionOf(project: Project, { path, exported }: Entry, shown: Set<Node>): string {
  const named = exported.flatMap(({ node }) => namedIn(project, node)).filter(({ node }) => !shown.has(node));
  for (const { node } of named) shown.add(node);
  const texts = [...exported, ...new Map(named.map((each) => [each.node, each])).values()].map((documented) =>
    textOf(project, documented),
  );
  return [`## \`${manifest.name}${path.slice(1)}\`\n`, ...texts].join('\n');
}

function sourceOf(built: string): string {
  return join(root, built.replace('./dist/', '').replace(/\.js$/, '.ts'));
}

function exportsOf({ program, checker }: Project, file: string): readonly Documented[] {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${relative(root, file)} is no module of the project`);
  return checker.getExportsOfModule(module).flatMap((symbol) => {
    const node = declarationOf(checker, symbol);
    return node === undefined ? [] : [{ name: symbol.name, node }];
  });
}

function declarationOf(checker: Checker, symbol: NamedSymbol | undefined): Node | undefined {
  const meant = symbol && symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return meant?.declarations[0]?.resolve();
}

/** Types of the sandbox's own that a function takes or gives, or an interface extends, in the order of their names there. */
function namedIn({ checker }: Project, declaration: Node): readonly Documented[] {
  const found = new Map<Node, Documented>();
  const visit = (node: Node): void => {
    if (isIdentifier(node)) {
      const type = declarationOf(checker, checker.getSymbolAtLocation(node));
      if (type !== undefined && isOwnType(type)) found.set(type, { name: node.text, node: type });
    }
    node.forEachChild(visit);
  };
  if (isFunctionDeclaration(declaration)) {
    for (const part of [...declaration.parameters, declaration.type]) part && visit(part);
  } else if (isInterfaceDeclaration(declaration)) {
    for (const clause of declaration.heritageClauses ?? []) visit(clause);
  }
  return [...found.values()];
}

function isOwnType(node: Node): boolean {
  if (!isInterfaceDeclaration(node) && !isTypeAliasDeclaration(node)) return false;
  return !node.getSourceFile().fileName.includes('/node_modules/');
}
