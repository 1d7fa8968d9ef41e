/**
 * A wire type is made by its constructor in @footbridge/privacy, which looks at the value. Refused are the ways round that:
 * casts to one (also through unknown, inside another type, under another name or alias), what could be anything (`as never`, `as any`,
 * text that was parsed or fetched) where one is wanted, a function that gives whatever type it is asked for, a type guard of one's own,
 * and comments that silence the compiler where wire values are. Where the types of a file are known (projectService), a type is what the
 * compiler says it is, not what it is called here.
 */
const WIRE = new Set(['Ref', 'Code', 'Period', 'Band', 'Region', 'Day', 'Version', 'Instant', 'WireBytes', 'WireMail', 'WireSafe', 'WireOf', 'Branded', 'Disclosure', 'RevealCapability']);
const GATE = new Set(['encode', 'structured', 'document', 'mail', 'disclose', 'announce', 'payloadOf']);
const PACKAGE = '@footbridge/privacy';
const LOOKS_WIRE = /\b(?:newRef|refOf|isRef|codeOf|bandOf|periodOf|dayOf|instantOf|versionOf|payloadOf|WireBytes|WireOf|WireSafe|Ref<|gate\b|encode\()/;
const SILENCED = /@ts-(?:ignore|nocheck|expect-error)/;

const typeNodes = new Set(['TSAsExpression', 'TSTypeAssertion']);
const isAnything = (node) => typeNodes.has(node?.type) && ['TSNeverKeyword', 'TSAnyKeyword'].includes(node.typeAnnotation.type);
const isGateCall = (node) => node.type === 'CallExpression' && GATE.has(node.callee.type === 'MemberExpression' ? node.callee.property.name : node.callee.name);
/** In an argument of a call to the gate, however deep; what a function inside of it does is its own. */
function inGateArgument(node) {
  for (let child = node, at = node.parent; at; child = at, at = at.parent) {
    if (isGateCall(at)) return at.arguments.includes(child);
    if (at.type.includes('Function')) return false;
  }
  return false;
}
const ANY = 1, NEVER = 131072;
const isParsed = (node) => {
  const call = node?.type === 'AwaitExpression' ? node.argument : node;
  if (call?.type !== 'CallExpression' || call.callee.type !== 'MemberExpression') return false;
  const { object, property } = call.callee;
  return (object.type === 'Identifier' && object.name === 'JSON' && property.name === 'parse') || (node.type === 'AwaitExpression' && property.name === 'json');
};

export const noWireCast = {
  meta: {
    type: 'problem', schema: [],
    messages: {
      cast: 'A wire type is made by its constructor in @footbridge/privacy, never by a cast.',
      guard: 'Only @footbridge/privacy says what a wire value is: use its guard (isRef, isDay, …) or its constructor.',
      parsed: 'What was parsed is no wire value because it is declared as one: make it with its constructor.',
      silenced: 'The compiler is not silenced where wire values are: mend the type, or make the value with its constructor.',
      escape: 'What goes to the gate is not cast to never or any: the compiler must see it.',
    },
  },
  create(context) {
    const names = new Set(WIRE);
    const spaces = new Set();
    /** Whether a type is, or holds, a wire type. */
    const isWire = (node) => {
      if (node === null || typeof node !== 'object') return false;
      if (Array.isArray(node)) return node.some(isWire);
      if (node.type === 'TSTypeReference') {
        const { typeName } = node;
        if (typeName.type === 'Identifier' && names.has(typeName.name)) return true;
        if (typeName.type === 'TSQualifiedName' && typeName.left.type === 'Identifier' && spaces.has(typeName.left.name) && WIRE.has(typeName.right.name)) return true;
      }
      if (node.type === 'TSImportType' && node.source?.value === PACKAGE && WIRE.has(node.qualifier?.name)) return true;
      // what a function takes or gives is looked at where it is written
      if (node.type === 'TSFunctionType' || node.type === 'TSConstructorType') return false;
      return Object.entries(node).some(([key, child]) => key !== 'parent' && key !== 'loc' && key !== 'range' && isWire(child));
    };
    const services = context.sourceCode.parserServices;
    const checker = services?.program?.getTypeChecker();
    const tsOf = (node) => services.esTreeNodeToTSNodeMap.get(node);
    /** Whether the compiler knows it as a wire type: branded by the library, or its class of bytes; one of several, an item, what a promise brings. */
    const isWireType = (type, depth = 0) => {
      if (!type || depth > 3) return false;
      if (type.isUnionOrIntersection() && type.types.some((part) => isWireType(part, depth + 1))) return true;
      const ours = (symbol) => symbol?.declarations?.some((d) => /[/\\]libs[/\\]privacy[/\\]|@footbridge[/\\]privacy/.test(d.getSourceFile().fileName)) === true;
      const named = (symbol) => symbol !== undefined && WIRE.has(symbol.name) && ours(symbol);
      if (named(type.aliasSymbol) || named(type.symbol)) return true;
      if (type.getProperties?.().some((property) => property.escapedName.startsWith('__@') && /brand/i.test(property.escapedName) && ours(property))) return true;
      return checker.getTypeArguments && type.objectFlags & 4 && ['Array', 'ReadonlyArray', 'Promise'].includes(type.symbol?.name) ? checker.getTypeArguments(type).some((part) => isWireType(part, depth + 1)) : false;
    };
    const typeOf = (node) => checker.getTypeAtLocation(tsOf(node));
    const wanted = (node) => (checker ? checker.getContextualType(tsOf(node)) : undefined);
    const cast = (node) => {
      if (isWire(node.typeAnnotation) || (checker && node.typeAnnotation.type !== 'TSConstKeyword' && isWireType(typeOf(node)))) context.report({ node, messageId: 'cast' });
      else if (isAnything(node) && (inGateArgument(node) || isWireType(wanted(node)))) context.report({ node, messageId: 'escape' });
    };
    const declared = (node, annotation, value) => {
      if (!annotation || !value || !isWire(annotation)) return;
      if (isParsed(value)) context.report({ node, messageId: 'parsed' });
      else if (isAnything(value) && !checker) context.report({ node: value, messageId: 'escape' });
    };
    /** Where a wire value is wanted and the compiler only knows that it could be anything. */
    const given = (value) => {
      if (!checker || !value || typeNodes.has(value.type) || isParsedAndDeclared(value)) return;
      if ((typeOf(value).flags & (ANY | NEVER)) !== 0 && isWireType(wanted(value))) context.report({ node: value, messageId: 'parsed' });
    };
    /** Those are found by their declaration already. */
    const isParsedAndDeclared = (value) => isParsed(value) && value.parent.type !== 'AssignmentExpression' && value.parent.type !== 'CallExpression' && value.parent.type !== 'Property';
    /** `cast<Ref>(x)`: its type is nowhere in what it takes, so it looks at nothing. */
    const looksAtNothing = (node) => {
      if (!checker || !isWireType(typeOf(node))) return;
      const declaration = checker.getResolvedSignature(tsOf(node))?.declaration;
      const returned = declaration?.type?.typeName?.escapedText;
      if (returned === undefined || !declaration.typeParameters?.some((p) => p.name.escapedText === returned)) return;
      const named = (part) => part && (part.escapedText === returned || (part.forEachChild?.((child) => named(child) || undefined) ?? false));
      if (!declaration.parameters.some((p) => p.type && named(p.type))) context.report({ node, messageId: 'cast' });
    };
    return {
      ImportDeclaration(node) {
        if (node.source.value !== PACKAGE) return;
        for (const specifier of node.specifiers) {
          if (specifier.type === 'ImportNamespaceSpecifier') spaces.add(specifier.local.name);
          else if (specifier.type === 'ImportSpecifier' && WIRE.has(specifier.imported.name)) names.add(specifier.local.name);
        }
      },
      TSTypeAliasDeclaration(node) { if (isWire(node.typeAnnotation)) names.add(node.id.name); },
      TSAsExpression: cast,
      TSTypeAssertion: cast,
      TSTypePredicate(node) { if (node.typeAnnotation && isWire(node.typeAnnotation)) context.report({ node, messageId: 'guard' }); },
      VariableDeclarator(node) { declared(node, node.id.typeAnnotation, node.init); if (node.id.typeAnnotation) given(node.init); },
      AssignmentExpression(node) {
        if (node.operator !== '=' || !checker || typeNodes.has(node.right.type)) return;
        if ((typeOf(node.right).flags & (ANY | NEVER)) !== 0 && isWireType(typeOf(node.left))) context.report({ node, messageId: 'parsed' });
      },
      PropertyDefinition(node) { declared(node, node.typeAnnotation, node.value); },
      AssignmentPattern(node) { declared(node, node.left.typeAnnotation, node.right); },
      ReturnStatement(node) {
        let around = node.parent;
        while (around && !('returnType' in around)) around = around.parent;
        declared(node, around?.returnType, node.argument);
      },
      ArrowFunctionExpression(node) { if (node.body.type !== 'BlockStatement') declared(node, node.returnType, node.body); },
      CallExpression(node) {
        looksAtNothing(node);
        for (const argument of node.arguments) given(argument);
      },
      Property(node) { if (node.parent.type === 'ObjectExpression') given(node.value); },
      Program() {
        const { lines } = context.sourceCode;
        for (const comment of context.sourceCode.getAllComments()) {
          if (!SILENCED.test(comment.value)) continue;
          const near = lines.slice(comment.loc.start.line - 1, comment.loc.end.line + 2).join('\n');
          if (/@ts-nocheck/.test(comment.value) ? LOOKS_WIRE.test(context.sourceCode.text) : LOOKS_WIRE.test(near) || [...WIRE].some((type) => new RegExp(`[:<|&]\\s*${type}\\b`).test(near))) context.report({ loc: comment.loc, messageId: 'silenced' });
        }
      },
    };
  },
};
