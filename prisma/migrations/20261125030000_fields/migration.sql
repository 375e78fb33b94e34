-- Care for what is typed: e-mails and phones in one form to be found by.

ALTER TABLE "companies" ADD COLUMN "phone_e164" TEXT, ADD COLUMN "phone_digits" TEXT;
ALTER TABLE "contacts" ADD COLUMN "phone_e164" TEXT, ADD COLUMN "phone_digits" TEXT;

CREATE INDEX "companies_org_id_phone_idx" ON "companies"("org_id", "phone");
CREATE INDEX "companies_org_id_phone_e164_idx" ON "companies"("org_id", "phone_e164");
CREATE INDEX "companies_org_id_phone_digits_idx" ON "companies"("org_id", "phone_digits");
CREATE INDEX "contacts_org_id_phone_e164_idx" ON "contacts"("org_id", "phone_e164");
CREATE INDEX "contacts_org_id_phone_digits_idx" ON "contacts"("org_id", "phone_digits");

-- What is there already gets the forms that SQL can tell; the national form comes when the number is next edited.
ALTER TABLE "contacts" DISABLE TRIGGER touch;
UPDATE "contacts" SET email = lower(btrim(email)) WHERE email IS DISTINCT FROM lower(btrim(email));
ALTER TABLE "contacts" ENABLE TRIGGER touch;
UPDATE "contacts" SET phone_e164 = substring(regexp_replace(phone, '[^+0-9]', '', 'g') from '^\+[1-9][0-9]{6,14}$'),
                      phone_digits = nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '') WHERE phone IS NOT NULL;
UPDATE "companies" SET phone_e164 = substring(regexp_replace(phone, '[^+0-9]', '', 'g') from '^\+[1-9][0-9]{6,14}$'),
                       phone_digits = nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '') WHERE phone IS NOT NULL;

ALTER TABLE "contacts"
  ADD CONSTRAINT "contacts_email_normal" CHECK (email ~ '^[^A-Z[:space:]]+$'),
  ADD CONSTRAINT "contacts_phone_forms" CHECK (phone_e164 ~ '^\+[1-9][0-9]{1,14}$' AND phone_digits IS NOT NULL AND phone IS NOT NULL
    OR phone_e164 IS NULL AND (phone_digits IS NULL OR phone IS NOT NULL));
ALTER TABLE "companies"
  ADD CONSTRAINT "companies_phone_forms" CHECK (phone_e164 ~ '^\+[1-9][0-9]{1,14}$' AND phone_digits IS NOT NULL AND phone IS NOT NULL
    OR phone_e164 IS NULL AND (phone_digits IS NULL OR phone IS NOT NULL));

-- Fields that organizations define themselves.
CREATE TYPE "CustomFieldEntity" AS ENUM ('CONTACT', 'COMPANY', 'DEAL');
CREATE TYPE "CustomFieldType" AS ENUM ('TEXT', 'NUMBER', 'DATE', 'SELECT', 'MULTI_SELECT', 'URL', 'EMAIL');

CREATE TABLE "custom_fields" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "entity" "CustomFieldEntity" NOT NULL,
    "key" TEXT NOT NULL,
    "type" "CustomFieldType" NOT NULL,
    "label" TEXT NOT NULL,
    "description" TEXT,
    "options" JSONB NOT NULL DEFAULT '[]',
    "place" INTEGER NOT NULL DEFAULT 0,
    "is_required" BOOLEAN NOT NULL DEFAULT false,
    "is_sortable" BOOLEAN NOT NULL DEFAULT false,
    "is_personal" BOOLEAN NOT NULL DEFAULT true,
    "slot" TEXT,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "custom_fields_pkey" PRIMARY KEY ("org_id","id"),
    CONSTRAINT "custom_fields_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "custom_fields_key_format" CHECK (key ~ '^[a-z][a-zA-Z0-9_]{0,49}$'),
    CONSTRAINT "custom_fields_options_list" CHECK (jsonb_typeof(options) = 'array'),
    CONSTRAINT "custom_fields_slot_in_use" CHECK (slot IS NULL OR deleted_at IS NULL AND is_sortable),
    CONSTRAINT "custom_fields_slot_fits" CHECK (CASE type WHEN 'NUMBER' THEN slot ~ '^number_[a-c]$' WHEN 'DATE' THEN slot ~ '^date_[ab]$'
      WHEN 'MULTI_SELECT' THEN slot IS NULL ELSE slot ~ '^text_[a-c]$' END),
    -- Exclusions rather than partial unique indexes, which Prisma would read as indexes on every row.
    CONSTRAINT "custom_fields_one_key" EXCLUDE USING btree (org_id WITH =, entity WITH =, key WITH =) WHERE (deleted_at IS NULL) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "custom_fields_one_slot" EXCLUDE USING btree (org_id WITH =, entity WITH =, slot WITH =) WHERE (slot IS NOT NULL) DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX "custom_fields_org_id_entity_key_idx" ON "custom_fields"("org_id", "entity", "key");
CREATE INDEX "custom_fields_org_id_place_id_idx" ON "custom_fields"("org_id", "place", "id");
CREATE INDEX "custom_fields_org_id_created_at_id_idx" ON "custom_fields"("org_id", "created_at", "id");
CREATE INDEX "custom_fields_org_id_deleted_at_idx" ON "custom_fields"("org_id", "deleted_at");

CREATE TRIGGER touch BEFORE UPDATE OF label, description, options, place, is_required, is_sortable, is_personal, deleted_at ON custom_fields
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();

-- Casts of custom values. Total: another row's value may be of another type, and is cast before any condition keeps it away.
CREATE FUNCTION custom_number(value text) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value ~ '^-?[0-9]{1,20}(\.[0-9]{1,4})?$' THEN value::numeric END
$$;
CREATE FUNCTION custom_date(value text) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN value ~ '^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' THEN
    CASE WHEN right(value, 2)::int <= extract(day FROM make_date(left(value, 4)::int, substr(value, 6, 2)::int, 1) + interval '1 month' - interval '1 day')
      THEN make_date(left(value, 4)::int, substr(value, 6, 2)::int, right(value, 2)::int) END END
$$;
-- What a list is sorted by: an index holds no longer ones.
CREATE FUNCTION custom_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT left(value, 200)
$$;

ALTER TABLE "companies" ADD COLUMN "custom_fields" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "custom_text_a" TEXT,
  ADD COLUMN "custom_text_b" TEXT,
  ADD COLUMN "custom_text_c" TEXT,
  ADD COLUMN "custom_number_a" DECIMAL(24,4),
  ADD COLUMN "custom_number_b" DECIMAL(24,4),
  ADD COLUMN "custom_number_c" DECIMAL(24,4),
  ADD COLUMN "custom_date_a" DATE,
  ADD COLUMN "custom_date_b" DATE,
  ADD CONSTRAINT "companies_custom_fields_object" CHECK (jsonb_typeof(custom_fields) = 'object');
ALTER TABLE "companies" ALTER COLUMN "custom_text_a" TYPE text COLLATE "und-x-icu";
ALTER TABLE "companies" ALTER COLUMN "custom_text_b" TYPE text COLLATE "und-x-icu";
ALTER TABLE "companies" ALTER COLUMN "custom_text_c" TYPE text COLLATE "und-x-icu";
CREATE INDEX "companies_org_id_custom_text_a_id_idx" ON "companies"("org_id", "custom_text_a", "id");
CREATE INDEX "companies_org_id_custom_text_b_id_idx" ON "companies"("org_id", "custom_text_b", "id");
CREATE INDEX "companies_org_id_custom_text_c_id_idx" ON "companies"("org_id", "custom_text_c", "id");
CREATE INDEX "companies_org_id_custom_number_a_id_idx" ON "companies"("org_id", "custom_number_a", "id");
CREATE INDEX "companies_org_id_custom_number_b_id_idx" ON "companies"("org_id", "custom_number_b", "id");
CREATE INDEX "companies_org_id_custom_number_c_id_idx" ON "companies"("org_id", "custom_number_c", "id");
CREATE INDEX "companies_org_id_custom_date_a_id_idx" ON "companies"("org_id", "custom_date_a", "id");
CREATE INDEX "companies_org_id_custom_date_b_id_idx" ON "companies"("org_id", "custom_date_b", "id");
CREATE INDEX "companies_org_id_custom_fields_idx" ON "companies" USING GIN ("org_id" uuid_ops, "custom_fields" jsonb_path_ops);

ALTER TABLE "contacts" ADD COLUMN "custom_fields" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "custom_text_a" TEXT,
  ADD COLUMN "custom_text_b" TEXT,
  ADD COLUMN "custom_text_c" TEXT,
  ADD COLUMN "custom_number_a" DECIMAL(24,4),
  ADD COLUMN "custom_number_b" DECIMAL(24,4),
  ADD COLUMN "custom_number_c" DECIMAL(24,4),
  ADD COLUMN "custom_date_a" DATE,
  ADD COLUMN "custom_date_b" DATE,
  ADD CONSTRAINT "contacts_custom_fields_object" CHECK (jsonb_typeof(custom_fields) = 'object');
ALTER TABLE "contacts" ALTER COLUMN "custom_text_a" TYPE text COLLATE "und-x-icu";
ALTER TABLE "contacts" ALTER COLUMN "custom_text_b" TYPE text COLLATE "und-x-icu";
ALTER TABLE "contacts" ALTER COLUMN "custom_text_c" TYPE text COLLATE "und-x-icu";
CREATE INDEX "contacts_org_id_custom_text_a_id_idx" ON "contacts"("org_id", "custom_text_a", "id");
CREATE INDEX "contacts_org_id_custom_text_b_id_idx" ON "contacts"("org_id", "custom_text_b", "id");
CREATE INDEX "contacts_org_id_custom_text_c_id_idx" ON "contacts"("org_id", "custom_text_c", "id");
CREATE INDEX "contacts_org_id_custom_number_a_id_idx" ON "contacts"("org_id", "custom_number_a", "id");
CREATE INDEX "contacts_org_id_custom_number_b_id_idx" ON "contacts"("org_id", "custom_number_b", "id");
CREATE INDEX "contacts_org_id_custom_number_c_id_idx" ON "contacts"("org_id", "custom_number_c", "id");
CREATE INDEX "contacts_org_id_custom_date_a_id_idx" ON "contacts"("org_id", "custom_date_a", "id");
CREATE INDEX "contacts_org_id_custom_date_b_id_idx" ON "contacts"("org_id", "custom_date_b", "id");
CREATE INDEX "contacts_org_id_custom_fields_idx" ON "contacts" USING GIN ("org_id" uuid_ops, "custom_fields" jsonb_path_ops);

ALTER TABLE "deals" ADD COLUMN "custom_fields" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "custom_text_a" TEXT,
  ADD COLUMN "custom_text_b" TEXT,
  ADD COLUMN "custom_text_c" TEXT,
  ADD COLUMN "custom_number_a" DECIMAL(24,4),
  ADD COLUMN "custom_number_b" DECIMAL(24,4),
  ADD COLUMN "custom_number_c" DECIMAL(24,4),
  ADD COLUMN "custom_date_a" DATE,
  ADD COLUMN "custom_date_b" DATE,
  ADD CONSTRAINT "deals_custom_fields_object" CHECK (jsonb_typeof(custom_fields) = 'object');
ALTER TABLE "deals" ALTER COLUMN "custom_text_a" TYPE text COLLATE "und-x-icu";
ALTER TABLE "deals" ALTER COLUMN "custom_text_b" TYPE text COLLATE "und-x-icu";
ALTER TABLE "deals" ALTER COLUMN "custom_text_c" TYPE text COLLATE "und-x-icu";
CREATE INDEX "deals_org_id_custom_text_a_id_idx" ON "deals"("org_id", "custom_text_a", "id");
CREATE INDEX "deals_org_id_custom_text_b_id_idx" ON "deals"("org_id", "custom_text_b", "id");
CREATE INDEX "deals_org_id_custom_text_c_id_idx" ON "deals"("org_id", "custom_text_c", "id");
CREATE INDEX "deals_org_id_custom_number_a_id_idx" ON "deals"("org_id", "custom_number_a", "id");
CREATE INDEX "deals_org_id_custom_number_b_id_idx" ON "deals"("org_id", "custom_number_b", "id");
CREATE INDEX "deals_org_id_custom_number_c_id_idx" ON "deals"("org_id", "custom_number_c", "id");
CREATE INDEX "deals_org_id_custom_date_a_id_idx" ON "deals"("org_id", "custom_date_a", "id");
CREATE INDEX "deals_org_id_custom_date_b_id_idx" ON "deals"("org_id", "custom_date_b", "id");
CREATE INDEX "deals_org_id_custom_fields_idx" ON "deals" USING GIN ("org_id" uuid_ops, "custom_fields" jsonb_path_ops);

DROP TRIGGER touch ON companies;
CREATE TRIGGER touch BEFORE UPDATE OF owner_id, name, industry, website, phone, custom_fields, merged_into, deleted_at ON companies
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
DROP TRIGGER touch ON contacts;
CREATE TRIGGER touch BEFORE UPDATE OF company_id, owner_id, first_name, last_name, email, phone, job_title, status, tags, custom_fields, merged_into, deleted_at ON contacts
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
DROP TRIGGER touch ON deals;
CREATE TRIGGER touch BEFORE UPDATE OF pipeline_id, stage_id, contact_id, company_id, owner_id, title, value, currency, status, expected_close_date, closed_at, lost_reason, custom_fields, deleted_at ON deals
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND current_setting('app.derived', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION touch_record();
