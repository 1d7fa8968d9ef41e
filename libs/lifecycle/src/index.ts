export { open, operational, quasi, special, direct, isPersonal, personalClassOf, type Field, type Fields, type BaseRow, type RowOf, type ColumnType, type Shown } from './fields.js';
export { lifecycle, guard, attested, pending, kebab, snakeCase, collectionOf, tableOf, NONE, type Acting, type Behalf, type Facts, type Guard, type Companion, type Introduction, type Notice, type Row, type RowOptions, type Clock, type Reaction, type ReactionEvent, type Link, type LifecycleSpec, type Lifecycle, type Read, type RowOfLifecycle } from './lifecycle.js';
export { rowFor, refusals, needsFresh, commandsNow, actsOnBehalf, type AnyRow, type Refusal, type RowFound } from './decide.js';
export { is, checkBody, schemaOf, exampleOf, fieldsOf, isDay, isInstant, isPlainText, type BodyClass, type BodyField, type BodyError } from './body.js';
export { disclosedOf } from './disclosed.js';
export { bodyOf, how } from './command-body.js';
export { describe, diagram, type TransitionEntry } from './documents.js';
export type { Told, ToldValues, Words } from './told.js';
export { protects } from './protective.js';
