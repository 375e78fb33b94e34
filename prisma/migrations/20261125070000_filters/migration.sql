-- Texts are found whatever their case and accents: "muller" finds "Müller" (docs/decisions/0019).
CREATE EXTENSION IF NOT EXISTS unaccent;

-- Declared immutable, which unaccent() is not, because its dictionary is a file: whoever edits that file rebuilds the
-- indexes below. The collation is named, so that a database made with "C" lowers Ä too; a final sigma is a sigma.
CREATE FUNCTION fold(content text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT translate(lower(public.unaccent('public.unaccent'::regdictionary, content) COLLATE "und-x-icu"), 'ς', 'σ')
$$;

-- The same as a part of a LIKE pattern. Folded first: a full-width percent sign folds to a plain one.
CREATE FUNCTION fold_pattern(content text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT regexp_replace(public.fold(content), '([\\%_])', '\\\1', 'g')
$$;

-- One trigram index serves "contains" and "starts with". Prisma cannot say an index on an expression.
DROP INDEX "companies_org_id_name_idx";
DROP INDEX "contacts_org_id_first_name_idx";
DROP INDEX "contacts_org_id_last_name_idx";
DROP INDEX "contacts_org_id_email_idx";
DROP INDEX "deals_org_id_title_idx";
DROP INDEX "activities_org_id_subject_idx";
CREATE INDEX "companies_name_folded" ON "companies" USING GIN ("org_id" uuid_ops, fold("name") gin_trgm_ops);
CREATE INDEX "contacts_first_name_folded" ON "contacts" USING GIN ("org_id" uuid_ops, fold("first_name") gin_trgm_ops);
CREATE INDEX "contacts_last_name_folded" ON "contacts" USING GIN ("org_id" uuid_ops, fold("last_name") gin_trgm_ops);
CREATE INDEX "contacts_email_folded" ON "contacts" USING GIN ("org_id" uuid_ops, fold("email") gin_trgm_ops);
CREATE INDEX "deals_title_folded" ON "deals" USING GIN ("org_id" uuid_ops, fold("title") gin_trgm_ops);
CREATE INDEX "activities_subject_folded" ON "activities" USING GIN ("org_id" uuid_ops, fold("subject") gin_trgm_ops);
