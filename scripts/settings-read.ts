import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Functions whose first or second argument names a variable of the environment. */
const readers = new Set(['given', 'oneOf', 'port', 'inFile', 'portOf', 'setting']);
const isEnvironment = (node: ts.Expression): boolean => ['process.env', 'environment', 'env'].includes(node.getText());
const named = (node: ts.Node | undefined): string | undefined => (node && ts.isStringLiteralLike(node) && /^[A-Z][A-Z0-9_]*$/.test(node.text) ? node.text : undefined);

/** The variables of the environment that a source reads; a name that is put together when it runs is given as it is written. */
export function settingsIn(text: string, file = 'source.ts'): readonly string[] {
  const found = new Set<string>();
  const take = (name: string | undefined): void => { if (name !== undefined) found.add(name); };
  const look = (node: ts.Node): void => {
    if (ts.isElementAccessExpression(node) && isEnvironment(node.expression)) take(named(node.argumentExpression) ?? node.argumentExpression.getText());
    else if (ts.isPropertyAccessExpression(node) && isEnvironment(node.expression)) take(node.name.text);
    else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && readers.has(node.expression.text)) take(named(node.arguments[0]) ?? named(node.arguments[1]));
    else if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer && isEnvironment(node.initializer)) for (const element of node.name.elements) take((element.propertyName ?? element.name).getText());
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return [...found];
}

/** Those of the programs in these folders; what only tests read is not among them. */
export function settingsRead(folders: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const folder of folders) for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !path.endsWith('.ts') || /\.(spec|fixture|child|typetest)\.ts$/.test(path) || path.includes('node_modules')) continue;
    for (const name of settingsIn(readFileSync(path, 'utf8'), path)) found.set(name, path);
  }
  return found;
}
