import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import ts from 'typescript';

export const root = join(import.meta.dirname, '..', '..', '..');
/** Every source in these folders that could be loaded, also one that is not committed yet. */
export const sourcesIn = (...folders: readonly string[]): readonly string[] => execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...folders], { cwd: root, encoding: 'utf8' }).split('\n')
  .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && !/\.(?:spec|fixture|typetest|child)\.ts$/.test(file) && !file.startsWith('libs/testing/'));

/** Modules of Node by which bytes get out of a process, or by which that could be hidden from whoever reads the imports. */
const modules = new Set(['child_process', 'cluster', 'dgram', 'dns', 'dns/promises', 'http', 'http2', 'https', 'inspector', 'module', 'net', 'repl', 'tls', 'v8', 'vm', 'worker_threads', 'wasi']);
const files = new Set(['fs', 'fs/promises']);
/** All else that these two export reads. */
const writes = /^(?:default|promises|\*|append|chown|copy|cp|create(?:WriteStream)|fdatasync|link|lutimes|mkdir|mkdtemp|open|rename|symlink|truncate|utimes|write|WriteStream)/;
const globals = new Set(['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest', 'BroadcastChannel', 'Worker', 'console', 'eval', 'Function', 'require', 'globalThis', 'global']);
/** Of `process`: what prints, what writes a report or a core, and what leads to modules without an import. */
const ofProcess = new Set(['stdout', 'stderr', 'report', 'binding', 'dlopen', 'getBuiltinModule', 'mainModule', 'send', 'abort']);

/**
 * Every way by which a source could get bytes out: modules, packages that are not known to have none, globals. Types do not
 * count, they are gone at run time. Read from the syntax tree: a word in a comment or a string is no way out.
 */
export function waysOut(source: string, harmless: (packageName: string) => boolean): readonly string[] {
  const found = new Set<string>();
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const imported = (name: string, what: readonly string[]): void => {
    if (name.startsWith('.')) return;
    const builtin = name.startsWith('node:') ? name.slice(5) : ts.sys && (modules.has(name) || files.has(name)) ? name : undefined;
    if (builtin === undefined) { if (!harmless(name)) found.add(name); return; }
    if (modules.has(builtin)) found.add(builtin === 'net' && what.every((n) => n === 'isIP' || n === 'BlockList') ? '' : builtin);
    if (files.has(builtin)) for (const n of what) if (writes.test(n)) found.add('files');
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.importClause;
      const bindings = clause?.namedBindings;
      const names = [
        ...(clause?.name ? ['default'] : []), ...(bindings && ts.isNamespaceImport(bindings) ? ['*'] : []),
        ...(bindings && ts.isNamedImports(bindings) ? bindings.elements.filter((e) => !e.isTypeOnly).map((e) => (e.propertyName ?? e.name).text) : []),
      ];
      const onlyTypes = clause !== undefined && (clause.isTypeOnly || names.length === 0);
      if (!onlyTypes) imported(node.moduleSpecifier.text, names.length === 0 ? ['*'] : names);
      return;
    }
    if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier) && !node.isTypeOnly) { imported(node.moduleSpecifier.text, ['*']); return; }
    if (ts.isImportEqualsDeclaration(node) && !node.isTypeOnly) found.add('require');
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [what] = node.arguments;
      if (what && ts.isStringLiteralLike(what)) imported(what.text, ['*']); else found.add('import(…)');
    }
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return;
    if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'process' && ofProcess.has(node.name.text)) found.add(`process.${node.name.text}`);
    if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'process' && !(ts.isStringLiteralLike(node.argumentExpression) && !ofProcess.has(node.argumentExpression.text))) found.add('process[…]');
    // `process` handed on, or taken apart, leads to all of it
    if (ts.isIdentifier(node) && node.text === 'process' && isUse(node) && !ts.isPropertyAccessExpression(node.parent) && !ts.isElementAccessExpression(node.parent)) found.add('process');
    if (ts.isIdentifier(node) && globals.has(node.text) && isUse(node)) found.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  found.delete('');
  return [...found].sort();
}

/** The thing itself: no member, key, parameter or declaration of that name, and no type. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return ts.isPropertyAccessExpression(parent) && parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isParameter(parent) || ts.isVariableDeclaration(parent) || ts.isBindingElement(parent) || ts.isEnumMember(parent)) return 'initializer' in parent && parent.initializer === node;
  return !ts.isTypeNode(parent) && !ts.isImportSpecifier(parent) && !ts.isFunctionDeclaration(parent) && !ts.isClassDeclaration(parent);
}

/** The types that every function, method or signature of this name takes, in their order. */
export function parametersOf(source: string, name: string): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const visit = (node: ts.Node): void => {
    const declared = ts.isVariableDeclaration(node) && node.initializer && ts.isArrowFunction(node.initializer) ? { name: node.name, parameters: node.initializer.parameters }
      : (ts.isMethodDeclaration(node) || ts.isMethodSignature(node) || ts.isFunctionDeclaration(node)) ? { name: node.name, parameters: node.parameters } : undefined;
    if (declared?.name?.getText(file) === name) found.push(declared.parameters.map(({ type }) => type?.getText(file) ?? 'any'));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Which of these names a source imports, however it calls them there, and whether it asks something for a member of such a name: `x.reveal`. */
export function usesOf(source: string, imported: ReadonlySet<string>, member: string): readonly string[] {
  const found = new Set<string>();
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  const visit = (node: ts.Node): void => {
    if ((ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) && imported.has((node.propertyName ?? node.name).text)) found.add((node.propertyName ?? node.name).text);
    // all of the library under one name: its parts are members then
    if (ts.isPropertyAccessExpression(node) && imported.has(node.name.text)) found.add(node.name.text);
    if (ts.isPropertyAccessExpression(node) && node.name.text === member && !(node.expression.kind === ts.SyntaxKind.ThisKeyword)) found.add(`.${member}`);
    if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression) && (imported.has(node.argumentExpression.text) || node.argumentExpression.text === member)) found.add(`.${node.argumentExpression.text}`);
    if (ts.isBindingElement(node) && (node.propertyName ?? node.name).getText(file) === member) found.add(`.${member}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found].sort();
}
