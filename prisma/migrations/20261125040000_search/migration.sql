-- Search and timeline: words of names, the dictionary for misspelt ones, and stemmed notes, kept by triggers in the statement that writes the record.

CREATE EXTENSION IF NOT EXISTS unaccent;

-- CreateEnum
CREATE TYPE "SearchKind" AS ENUM ('CONTACT', 'COMPANY', 'DEAL');

-- CreateEnum
CREATE TYPE "SearchField" AS ENUM ('NAME', 'TITLE', 'EMAIL', 'WEBSITE');

-- CreateTable
CREATE TABLE "search_words" (
    "org_id" UUID NOT NULL,
    "record_id" UUID NOT NULL,
    "kind" "SearchKind" NOT NULL,
    "word" TEXT NOT NULL,
    "field" "SearchField" NOT NULL,

    CONSTRAINT "search_words_pkey" PRIMARY KEY ("org_id","record_id","word")
);

-- CreateTable
CREATE TABLE "search_terms" (
    "org_id" UUID NOT NULL,
    "word" TEXT NOT NULL,

    CONSTRAINT "search_terms_pkey" PRIMARY KEY ("org_id","word")
);

-- CreateTable
CREATE TABLE "search_notes" (
    "org_id" UUID NOT NULL,
    "activity_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "document" tsvector NOT NULL,

    CONSTRAINT "search_notes_pkey" PRIMARY KEY ("org_id","activity_id")
);

-- Prefixes are ranges of bytes, whatever the database's own collation.
ALTER TABLE "search_words" ALTER COLUMN "word" TYPE text COLLATE "C";
ALTER TABLE "search_terms" ALTER COLUMN "word" TYPE text COLLATE "C";

-- Without accents, in lower case, whatever the database's own collation. unaccent() itself is only STABLE, because its
-- dictionary could be replaced; ours is the one that comes with PostgreSQL.
CREATE FUNCTION plain_text(source text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
  RETURN lower(public.unaccent('public.unaccent'::regdictionary, source) COLLATE "und-x-icu");
END $$;

-- The same after NFKC, and quickly where there is nothing to do: most texts are ASCII.
CREATE FUNCTION search_plain(source text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
  IF octet_length(source) = length(source) THEN RETURN lower(source COLLATE "C"); END IF;
  RETURN public.plain_text(normalize(source, NFKC));
END $$;

-- The words of a text: plain, Müller like Mueller, cut at 40 characters, each once.
CREATE FUNCTION search_words_of(source text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  folded CONSTANT text := regexp_replace(public.search_plain(source), '([aou])e', '\1', 'g');
BEGIN
  RETURN ARRAY(SELECT DISTINCT left(word, 40)
                 FROM regexp_split_to_table(folded, '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u2bff\u3000-\u303f]+') AS word
                WHERE word <> '');
END $$;

-- A text as both stemmers read it. Punctuation goes first, so that the parser finds words and no hosts or addresses.
CREATE FUNCTION search_document(source text, weight "char") RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  plain CONSTANT text := regexp_replace(public.search_plain(left(source, 50000)),
                                        '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u2bff\u3000-\u303f]+', ' ', 'g');
BEGIN
  RETURN coalesce(setweight(to_tsvector('pg_catalog.german', plain) || to_tsvector('pg_catalog.english', plain), weight), '');
END $$;

-- All words, each as either stemmer reads it; the last one also as the beginning of one when it has three letters or more.
CREATE FUNCTION search_query(words text[]) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  asked tsquery := '';
  word text;
  place int := 0;
BEGIN
  FOREACH word IN ARRAY words LOOP
    place := place + 1;
    word := split_part(btrim(regexp_replace(public.search_plain(word), '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u2bff\u3000-\u303f]+', ' ', 'g')), ' ', 1);
    CONTINUE WHEN word = '';
    word := '''' || word || '''' || CASE WHEN place = cardinality(words) AND length(word) > 2 THEN ':*' ELSE '' END;
    asked := asked && (to_tsquery('pg_catalog.german', word) || to_tsquery('pg_catalog.english', word));
  END LOOP;
  RETURN asked;
END $$;

-- What can be found of a row: pairs of field and column, each word with the first field it stands in.
CREATE FUNCTION search_entries(source jsonb, pairs text[]) RETURNS TABLE (word text, field "SearchField") LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN QUERY
    SELECT found.word, min(pairs[n]::public."SearchField")
      FROM generate_series(1, cardinality(pairs), 2) AS n, unnest(public.search_words_of(source ->> pairs[n + 1])) AS found(word)
     GROUP BY found.word;
END $$;

-- Arguments: kind, then pairs of field and column. Runs once a statement, as the owner: the server's role cannot write here.
CREATE FUNCTION search_keep_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pairs CONSTANT text[] := TG_ARGV[1:];
  touched uuid[];
  gone public.search_terms[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(n.id) INTO touched FROM new_rows AS n JOIN old_rows AS o USING (org_id, id)
     WHERE EXISTS (SELECT FROM unnest(pairs || ARRAY['deleted_at']) AS c WHERE to_jsonb(n) -> c IS DISTINCT FROM to_jsonb(o) -> c);
    IF touched IS NULL THEN RETURN NULL; END IF;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    WITH deleted AS (
      DELETE FROM public.search_words AS w USING old_rows AS o
       WHERE w.org_id = o.org_id AND w.record_id = o.id AND (touched IS NULL OR o.id = ANY (touched)) RETURNING w.org_id, w.word)
    SELECT array_agg(DISTINCT ROW (org_id, word)::public.search_terms) INTO gone FROM deleted;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    WITH added AS (
      INSERT INTO public.search_words (org_id, record_id, kind, word, field)
      SELECT n.org_id, n.id, TG_ARGV[0]::public."SearchKind", e.word, e.field
        FROM new_rows AS n, public.search_entries(to_jsonb(n), pairs) AS e
       WHERE n.deleted_at IS NULL AND (touched IS NULL OR n.id = ANY (touched)) RETURNING org_id, word)
    INSERT INTO public.search_terms (org_id, word)
    SELECT DISTINCT org_id, word FROM added WHERE length(word) > 2 AND word ~ '[^0-9]' ORDER BY org_id, word
    ON CONFLICT DO NOTHING;
  END IF;
  -- Nothing of a record stays behind, so that erasing it erases its words.
  DELETE FROM public.search_terms AS t USING unnest(gone) AS g
   WHERE t.org_id = g.org_id AND t.word = g.word
     AND NOT EXISTS (SELECT FROM public.search_words AS w WHERE w.org_id = t.org_id AND w.kind = ANY (enum_range(NULL::public."SearchKind")) AND w.word = t.word);
  RETURN NULL;
END $$;

CREATE FUNCTION search_keep_notes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  touched uuid[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(n.id) INTO touched FROM new_rows AS n JOIN old_rows AS o USING (org_id, id)
     WHERE (n.subject, n.description, n.deleted_at) IS DISTINCT FROM (o.subject, o.description, o.deleted_at);
    IF touched IS NULL THEN RETURN NULL; END IF;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM public.search_notes AS s USING old_rows AS o
     WHERE s.org_id = o.org_id AND s.activity_id = o.id AND (touched IS NULL OR o.id = ANY (touched));
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO public.search_notes (org_id, activity_id, at, document)
    SELECT org_id, id, created_at, public.search_document(subject, 'A') || public.search_document(description, 'D')
      FROM new_rows WHERE deleted_at IS NULL AND (touched IS NULL OR id = ANY (touched));
  END IF;
  RETURN NULL;
END $$;

-- What can be searched of a type of record: where it lies, what search_words calls it, and pairs of field and column.
CREATE FUNCTION search_sources() RETURNS TABLE (source text, kind "SearchKind", pairs text[]) LANGUAGE sql IMMUTABLE AS $$
  VALUES ('contacts', 'CONTACT'::public."SearchKind", ARRAY['NAME', 'first_name', 'NAME', 'last_name', 'EMAIL', 'email']),
         ('companies', 'COMPANY', ARRAY['NAME', 'name', 'WEBSITE', 'website']),
         ('deals', 'DEAL', ARRAY['TITLE', 'title'])
$$;

-- Writes all words and notes of some organizations anew: after a load with the triggers off. For the owner.
CREATE FUNCTION search_rebuild(orgs uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  kept record;
BEGIN
  DELETE FROM public.search_words WHERE org_id = ANY (orgs);
  DELETE FROM public.search_terms WHERE org_id = ANY (orgs);
  DELETE FROM public.search_notes WHERE org_id = ANY (orgs);
  FOR kept IN SELECT * FROM public.search_sources() LOOP
    EXECUTE format('INSERT INTO public.search_words (org_id, record_id, kind, word, field)
      SELECT t.org_id, t.id, %L, e.word, e.field FROM public.%I AS t, public.search_entries(to_jsonb(t), %L) AS e
       WHERE t.deleted_at IS NULL AND t.org_id = ANY ($1)', kept.kind, kept.source, kept.pairs) USING orgs;
  END LOOP;
  INSERT INTO public.search_terms (org_id, word)
    SELECT DISTINCT org_id, word FROM public.search_words WHERE org_id = ANY (orgs) AND length(word) > 2 AND word ~ '[^0-9]';
  INSERT INTO public.search_notes (org_id, activity_id, at, document)
    SELECT org_id, id, created_at, public.search_document(subject, 'A') || public.search_document(description, 'D')
      FROM public.activities WHERE deleted_at IS NULL AND org_id = ANY (orgs);
END $$;
REVOKE ALL ON FUNCTION search_rebuild(uuid[]) FROM PUBLIC;

DO $triggers$
DECLARE
  kept record;
  watched text;
BEGIN
  FOR kept IN SELECT * FROM search_sources() LOOP
    SELECT string_agg(quote_literal(argument), ', ') INTO watched FROM unnest(kept.kind::text || kept.pairs) AS argument;
    EXECUTE format('CREATE TRIGGER search_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_keep_words(%s)', kept.source, watched);
    EXECUTE format('CREATE TRIGGER search_update AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_keep_words(%s)', kept.source, watched);
    EXECUTE format('CREATE TRIGGER search_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION search_keep_words(%s)', kept.source, watched);
  END LOOP;
END $triggers$;

SELECT search_rebuild(ARRAY(SELECT id FROM organizations));

CREATE TRIGGER search_insert AFTER INSERT ON activities REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_keep_notes();
CREATE TRIGGER search_update AFTER UPDATE ON activities REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION search_keep_notes();
CREATE TRIGGER search_delete AFTER DELETE ON activities REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION search_keep_notes();

-- CreateIndex
CREATE INDEX "search_words_org_id_kind_word_record_id_idx" ON "search_words"("org_id", "kind", "word", "record_id" DESC);

-- CreateIndex
CREATE INDEX "search_terms_org_id_word_idx" ON "search_terms" USING GIN ("org_id" uuid_ops, "word" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "search_notes_org_id_at_activity_id_idx" ON "search_notes"("org_id", "at" DESC, "activity_id" DESC);

-- CreateIndex
CREATE INDEX "search_notes_org_id_document_idx" ON "search_notes" USING GIN ("org_id" uuid_ops, "document" tsvector_ops);

-- CreateIndex
CREATE INDEX "audit_logs_org_id_entity_type_entity_id_created_at_id_idx" ON "audit_logs"("org_id", "entity_type", "entity_id", "created_at", "id");

-- Any part of a number, in the form that is dialled from abroad or at home.
CREATE INDEX contacts_phone_search ON contacts USING GIN (org_id, (coalesce(phone_e164, '') || ' ' || coalesce(phone_digits, '')) gin_trgm_ops)
  WHERE phone_digits IS NOT NULL;
CREATE INDEX companies_phone_search ON companies USING GIN (org_id, (coalesce(phone_e164, '') || ' ' || coalesce(phone_digits, '')) gin_trgm_ops)
  WHERE phone_digits IS NOT NULL;

-- AddForeignKey
ALTER TABLE "search_words" ADD CONSTRAINT "search_words_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "search_terms" ADD CONSTRAINT "search_terms_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "search_notes" ADD CONSTRAINT "search_notes_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
