import { UseFilters, type INestApplication, type INestMicroservice } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import 'reflect-metadata';
import type { EventServer } from './event-server.js';
import { RefusalFilter } from './refusal.js';

const guarded = new WeakSet<object>();

/**
 * Gives the app's `@EventPattern` methods to the server. What a handler throws is turned into a code before Nest can log it, and each handler
 * is called by its class (or by `@EventPattern(type, { handler: 'name' })`): that name stands in the database, so renaming the class abandons what it has parked.
 */
export function connectEvents(app: INestApplication, server: EventServer): INestMicroservice {
  const classes = new Map<unknown, string>();
  const scanner = new MetadataScanner();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as object;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const method: unknown = Reflect.get(prototype, name);
        if (typeof method !== 'function') continue;
        const extras: unknown = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, method);
        if (extras === undefined) continue;
        classes.set(extras, metatype.name);
        // on the method itself: filters of the microservice come too late, Nest has its handlers before they can be set
        if (!guarded.has(method)) UseFilters(new RefusalFilter())(prototype, name, { value: method });
        guarded.add(method);
      }
    }
  }
  server.nameHandlersBy((extras) => classes.get(extras));
  return app.connectMicroservice({ strategy: server });
}
