import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { PATTERN_EXTRAS_METADATA } from '@nestjs/microservices/constants.js';
import 'reflect-metadata';
import type { EventServer } from './event-server.js';
import { RefusalFilter } from './refusal.js';

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
      const prototype: unknown = metatype.prototype;
      for (const method of scanner.getAllMethodNames(prototype as object)) {
        const extras: unknown = Reflect.getMetadata(PATTERN_EXTRAS_METADATA, (prototype as Readonly<Record<string, object>>)[method] ?? {});
        if (extras !== undefined) classes.set(extras, metatype.name);
      }
    }
  }
  server.nameHandlersBy((extras) => classes.get(extras));
  const microservice = app.connectMicroservice({ strategy: server });
  microservice.useGlobalFilters(new RefusalFilter());
  return microservice;
}
