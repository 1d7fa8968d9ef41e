import type { Rule } from 'eslint';

export declare const noWireCast: Rule.RuleModule;
