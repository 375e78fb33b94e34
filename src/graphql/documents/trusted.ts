import { readFileSync } from 'node:fs';
import { GraphQLError, parse, validate, type GraphQLSchema } from 'graphql';
import { z } from 'zod';
import { excessOf, lengthExcess, MOST_TOKENS } from './limits.js';

/**
 * Which documents are taken: `off` all; `preferred` all, and those of the manifests by their hash without having been sent before;
 * `only` those of the manifests and nothing else.
 */
export type TrustedMode = 'off' | 'preferred' | 'only';

/** Documents that were known before anybody sent one. */
export interface TrustedDocuments {
  mode: TrustedMode;
  /** The text by the hash that its manifest gives it. */
  byHash: (hash: string) => string | undefined;
  holds: (text: string) => boolean;
}

/** What graphql-codegen's client preset writes with `persistedDocuments`: texts by hash. */
const manifest = z.record(z.string().min(1).max(128), z.string());

/** @param files paths of `persisted-documents.json`. @throws Error that names the file that is not one. */
export function readManifests(files: readonly string[]): Map<string, string> {
  return new Map(files.flatMap((file) => Object.entries(readManifest(file))));
}

function readManifest(file: string): Record<string, string> {
  try {
    return manifest.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const cause = error instanceof z.ZodError ? 'it is not an object of texts by hash' : (error as Error).message;
    throw new Error(`TRUSTED_DOCUMENTS_FILES: ${file} is no manifest of documents: ${cause}`, { cause: error });
  }
}

/** @param also texts that are trusted beside those of the manifests, by their text alone: the explorer's own. */
export function trustedDocuments(
  mode: TrustedMode,
  documents: ReadonlyMap<string, string>,
  also: readonly string[] = [],
): TrustedDocuments {
  const texts = new Set([...documents.values(), ...also]);
  return { mode, byHash: (hash) => documents.get(hash), holds: (text) => texts.has(text) };
}

/** What of the documents does not fit this server any more, one sentence each: a client that still sends it would be refused. */
export function complaintsAbout(schema: GraphQLSchema, documents: ReadonlyMap<string, string>): string[] {
  return [...documents].flatMap(([hash, text]) => {
    const complaint = complaintAbout(schema, text);
    return complaint ? [`${hash}: ${complaint}`] : [];
  });
}

function complaintAbout(schema: GraphQLSchema, text: string): string | undefined {
  try {
    const document = parse(text, { maxTokens: MOST_TOKENS });
    return (lengthExcess(text) ?? excessOf(document) ?? validate(schema, document)[0])?.message;
  } catch (error) {
    if (error instanceof GraphQLError) return error.message;
    throw error;
  }
}
