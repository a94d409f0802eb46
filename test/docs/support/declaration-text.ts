import type { Node } from 'typescript/unstable/ast';
import {
  isClassDeclaration,
  isFunctionDeclaration,
  isInterfaceDeclaration,
  isPropertyDeclaration,
  isTypeAliasDeclaration,
  isTypeLiteralNode,
  isVariableDeclaration,
} from 'typescript/unstable/ast/is';
import type { Project } from 'typescript/unstable/sync';

/** What is exported, or named by what is. */
export interface Documented {
  readonly name: string;
  readonly node: Node;
}

/** Its declaration, the first sentence of its docstring, and its members with theirs. */
export function textOf(project: Project, { name, node }: Documented): string {
  const members = membersOf(node).map((member) => {
    const text = declared(member.getText()).replace(/^readonly /, '');
    const said = oneLine(docOf(member).replaceAll(/^ {4}.*$/gm, ''));
    return `- \`${text}\`${said === '' ? '' : `: ${said}`}`;
  });
  const [firstSentence = ''] = /^[\s\S]*?\.(?=\s|$)/.exec(docOf(node)) ?? [];
  const parts = [`### \`${name}\``, `\`\`\`ts\n${signatureOf(project, node)}\n\`\`\``, oneLine(firstSentence)];
  return `${[...parts, ...(members.length === 0 ? [] : [members.join('\n')])].join('\n\n')}\n`;
}

/** What it is declared as, without what it does. */
function signatureOf({ checker }: Project, node: Node): string {
  const { text } = node.getSourceFile();
  if (isFunctionDeclaration(node)) {
    const whole = declared(text.slice(node.getStart(), node.body?.pos));
    const given = checker.getSignatureFromDeclaration(node);
    const type = given && checker.getReturnTypeOfSignature(given);
    return node.type === undefined && type !== undefined ? `${whole}: ${checker.typeToString(type)}` : whole;
  }
  if (isVariableDeclaration(node)) {
    const type = node.type?.getText() ?? checker.typeToString(checker.getTypeAtLocation(node) as never);
    return `const ${node.name.getText()}: ${oneLine(type)}`;
  }
  const whole = declared(node.getText());
  const [first] = membersOf(node);
  return first === undefined ? whole : `${whole.slice(0, whole.indexOf('{')).trim()} { ... }`;
}

/** Members of an interface, what a class has to read, or members of the object that a type adds to others. */
function membersOf(node: Node): readonly Node[] {
  if (isInterfaceDeclaration(node)) return [...node.members];
  if (isClassDeclaration(node)) return [...node.members].filter(isPropertyDeclaration);
  const members: Node[] = [];
  if (isTypeAliasDeclaration(node)) {
    const take = (part: Node): void => void (isTypeLiteralNode(part) && members.push(...part.members));
    take(node.type);
    node.type.forEachChild(take);
  }
  return members;
}

/** The docstring before a declaration, whose links are its own words. */
function docOf(node: Node): string {
  const holder = isVariableDeclaration(node) ? node.parent.parent : node;
  const before = holder.getSourceFile().text.slice(holder.pos, holder.getStart());
  const comment = before.slice(Math.max(0, before.lastIndexOf('/**')), before.lastIndexOf('*/'));
  const lines = comment.split('\n').map((line) => line.replace(/^\s*(?:\/\*)?\*+ ?/, ''));
  return lines
    .join('\n')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .trim();
}

/** The text of a declaration in one line, without what is said inside of it. */
function declared(text: string): string {
  const bare = oneLine(text.replaceAll(/\/\*\*[\s\S]*?\*\//g, ''));
  const tight = bare
    .replaceAll(/,? ([)\]])/g, '$1')
    .replaceAll(/([([<]) /g, '$1')
    .replaceAll(/([^=]) >/g, '$1>');
  return tight.replace(/^export /, '').replace(/;$/, '');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
