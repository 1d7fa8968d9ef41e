/**
 * A wire type is made by its constructor in @footbridge/privacy, which looks at the value. Refused are the ways round that:
 * casts to one (also through unknown, inside another type, under another name or alias), a type guard of one's own, text that
 * was parsed or fetched and only declared to be one, and comments that silence the compiler where wire values are.
 */
const WIRE = new Set(['Ref', 'Code', 'Period', 'Band', 'Region', 'Day', 'Version', 'Instant', 'WireBytes', 'WireMail', 'WireSafe', 'WireOf', 'Branded', 'Disclosure', 'RevealCapability']);
const GATE = new Set(['encode', 'structured', 'document', 'mail', 'disclose', 'announce', 'payloadOf']);
const PACKAGE = '@footbridge/privacy';
const LOOKS_WIRE = /\b(?:newRef|refOf|isRef|codeOf|bandOf|periodOf|dayOf|instantOf|versionOf|payloadOf|WireBytes|WireOf|WireSafe|Ref<|gate\b|encode\()/;
const SILENCED = /@ts-(?:ignore|nocheck|expect-error)/;

const typeNodes = new Set(['TSAsExpression', 'TSTypeAssertion']);
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
    const cast = (node) => {
      if (isWire(node.typeAnnotation)) context.report({ node, messageId: 'cast' });
    };
    const declared = (node, annotation, value) => {
      if (annotation && isParsed(value) && isWire(annotation)) context.report({ node, messageId: 'parsed' });
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
      VariableDeclarator(node) { declared(node, node.id.typeAnnotation, node.init); },
      PropertyDefinition(node) { declared(node, node.typeAnnotation, node.value); },
      AssignmentPattern(node) { declared(node, node.left.typeAnnotation, node.right); },
      ReturnStatement(node) {
        let around = node.parent;
        while (around && !('returnType' in around)) around = around.parent;
        declared(node, around?.returnType, node.argument);
      },
      ArrowFunctionExpression(node) { if (node.body.type !== 'BlockStatement') declared(node, node.returnType, node.body); },
      CallExpression(node) {
        const name = node.callee.type === 'MemberExpression' ? node.callee.property.name : node.callee.name;
        if (!GATE.has(name)) return;
        for (const argument of node.arguments) if (typeNodes.has(argument.type) && ['TSNeverKeyword', 'TSAnyKeyword'].includes(argument.typeAnnotation.type)) context.report({ node: argument, messageId: 'escape' });
      },
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
