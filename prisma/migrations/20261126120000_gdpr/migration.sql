-- What people can ask for (docs/decisions/0036): restriction, legal holds, erasures and their receipts, exports, and who was erased.

-- AlterTable
ALTER TABLE "contacts" ADD COLUMN     "erased_at" TIMESTAMPTZ(3),
ADD COLUMN     "erased_before" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "restricted_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "erased_at" TIMESTAMPTZ(3);

-- CreateEnum
CREATE TYPE "ErasedKind" AS ENUM ('CONTACT', 'USER');

-- CreateTable
CREATE TABLE "legal_holds" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "placed_by_id" UUID NOT NULL,
    "released_by_id" UUID,
    "released_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "legal_holds_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "erasures" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" "ErasedKind" NOT NULL,
    "record_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "requested_by_id" UUID,
    "counts" JSONB NOT NULL,
    "receipt" TEXT NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "erasures_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "erased_people" (
    "org_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "erased_people_pkey" PRIMARY KEY ("org_id","hash")
);

-- CreateTable
CREATE TABLE "subject_exports" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "requested_by_id" UUID NOT NULL,
    "json" BYTEA,
    "html" BYTEA,
    "ready_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "subject_exports_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "legal_holds_org_id_contact_id_created_at_idx" ON "legal_holds"("org_id", "contact_id", "created_at");

-- CreateIndex
CREATE INDEX "legal_holds_org_id_placed_by_id_idx" ON "legal_holds"("org_id", "placed_by_id");

-- CreateIndex
CREATE INDEX "legal_holds_org_id_released_by_id_idx" ON "legal_holds"("org_id", "released_by_id");

-- CreateIndex
CREATE UNIQUE INDEX "erasures_org_id_record_id_key" ON "erasures"("org_id", "record_id");

-- CreateIndex
CREATE INDEX "erasures_org_id_requested_by_id_idx" ON "erasures"("org_id", "requested_by_id");

-- CreateIndex
CREATE INDEX "subject_exports_org_id_contact_id_idx" ON "subject_exports"("org_id", "contact_id");

-- CreateIndex
CREATE INDEX "subject_exports_org_id_requested_by_id_idx" ON "subject_exports"("org_id", "requested_by_id");

-- CreateIndex
CREATE INDEX "subject_exports_org_id_expires_at_idx" ON "subject_exports"("org_id", "expires_at");

-- AddForeignKey
ALTER TABLE "legal_holds" ADD CONSTRAINT "legal_holds_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "legal_holds" ADD CONSTRAINT "legal_holds_org_id_contact_id_fkey" FOREIGN KEY ("org_id", "contact_id") REFERENCES "contacts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "legal_holds" ADD CONSTRAINT "legal_holds_org_id_placed_by_id_fkey" FOREIGN KEY ("org_id", "placed_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "legal_holds" ADD CONSTRAINT "legal_holds_org_id_released_by_id_fkey" FOREIGN KEY ("org_id", "released_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_org_id_requested_by_id_fkey" FOREIGN KEY ("org_id", "requested_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "erased_people" ADD CONSTRAINT "erased_people_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subject_exports" ADD CONSTRAINT "subject_exports_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "subject_exports" ADD CONSTRAINT "subject_exports_org_id_contact_id_fkey" FOREIGN KEY ("org_id", "contact_id") REFERENCES "contacts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "subject_exports" ADD CONSTRAINT "subject_exports_org_id_requested_by_id_fkey" FOREIGN KEY ("org_id", "requested_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Whoever was erased is deleted, and is not restricted any more.
ALTER TABLE contacts ADD CONSTRAINT contacts_erased_is_deleted CHECK (erased_at IS NULL OR (deleted_at IS NOT NULL AND restricted_at IS NULL));
ALTER TABLE legal_holds ADD CONSTRAINT legal_holds_released_by_somebody CHECK ((released_at IS NULL) = (released_by_id IS NULL));

DROP TRIGGER touch ON contacts;
CREATE TRIGGER touch BEFORE UPDATE OF company_id, owner_id, first_name, last_name, email, phone, job_title, status, tags, custom_fields, merged_into, restricted_at, erased_at, deleted_at ON contacts
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF reason, released_at ON legal_holds
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();

-- The same functions, for many rows after few: their plans are kept from the first statements of a session, and joined the rows before with
-- those after by nested loops. Now neither that nor the look-up of a list can take the square of the rows.
CREATE OR REPLACE FUNCTION search_keep_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pairs CONSTANT text[] := TG_ARGV[1:];
  touched uuid[];
  gone public.search_terms[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(changed.id) INTO touched
      FROM (SELECT n.id, (SELECT jsonb_agg(to_jsonb(n) -> c) FROM unnest(pairs || ARRAY['deleted_at']) AS c) FROM new_rows AS n
            EXCEPT
            SELECT o.id, (SELECT jsonb_agg(to_jsonb(o) -> c) FROM unnest(pairs || ARRAY['deleted_at']) AS c) FROM old_rows AS o) AS changed;
    IF touched IS NULL THEN RETURN NULL; END IF;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    WITH deleted AS (
      DELETE FROM public.search_words AS w USING old_rows AS o
       WHERE w.org_id = o.org_id AND w.record_id = o.id AND (touched IS NULL OR o.id IN (SELECT unnest(touched))) RETURNING w.org_id, w.word)
    SELECT array_agg(DISTINCT ROW (org_id, word)::public.search_terms) INTO gone FROM deleted;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    WITH added AS (
      INSERT INTO public.search_words (org_id, record_id, kind, word, field)
      SELECT n.org_id, n.id, TG_ARGV[0]::public."SearchKind", e.word, e.field
        FROM new_rows AS n, public.search_entries(to_jsonb(n), pairs) AS e
       WHERE n.deleted_at IS NULL AND (touched IS NULL OR n.id IN (SELECT unnest(touched))) RETURNING org_id, word)
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

CREATE OR REPLACE FUNCTION search_keep_notes() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  touched uuid[];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(changed.id) INTO touched
      FROM (SELECT n.id, n.subject, n.description, n.deleted_at FROM new_rows AS n
            EXCEPT SELECT o.id, o.subject, o.description, o.deleted_at FROM old_rows AS o) AS changed;
    IF touched IS NULL THEN RETURN NULL; END IF;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM public.search_notes AS s USING old_rows AS o
     WHERE s.org_id = o.org_id AND s.activity_id = o.id AND (touched IS NULL OR o.id IN (SELECT unnest(touched)));
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO public.search_notes (org_id, activity_id, at, document)
    SELECT org_id, id, created_at, public.search_document(subject, 'A') || public.search_document(description, 'D')
      FROM new_rows WHERE deleted_at IS NULL AND (touched IS NULL OR id IN (SELECT unnest(touched)));
  END IF;
  RETURN NULL;
END $$;
