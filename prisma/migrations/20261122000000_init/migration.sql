-- The nine tables of Pulse and the projection of stages. Roles, policies, views and grants are not here but in
-- prisma/access.sql, which is applied after every migration: they name roles, and role names differ per database.

-- Trusted extensions: the owner of the database may create them without being a superuser.
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "ActivityType" AS ENUM ('NOTE', 'CALL', 'TASK', 'MEETING', 'EMAIL');

-- CreateEnum
CREATE TYPE "ContactStatus" AS ENUM ('LEAD', 'QUALIFIED', 'CUSTOMER', 'FORMER');

-- CreateEnum
CREATE TYPE "DealStatus" AS ENUM ('OPEN', 'WON', 'LOST');

-- CreateEnum
CREATE TYPE "SubscriptionPlan" AS ENUM ('FREE', 'TEAM', 'BUSINESS');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('OWNER', 'ADMIN', 'MANAGER', 'MEMBER', 'VIEWER');

-- CreateTable
CREATE TABLE "activities" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "owner_id" UUID,
    "contact_id" UUID,
    "deal_id" UUID,
    "type" "ActivityType" NOT NULL,
    "subject" TEXT NOT NULL,
    "description" TEXT,
    "due_date" TIMESTAMPTZ(3),
    "is_completed" BOOLEAN NOT NULL DEFAULT false,
    "completed_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "activities_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "audit_logs" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID,
    "action" TEXT NOT NULL,
    "entity_type" TEXT NOT NULL,
    "entity_id" UUID NOT NULL,
    "changes" JSONB NOT NULL DEFAULT '{}',
    "ip_address" INET,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "refresh_tokens" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "refresh_tokens_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "companies" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "owner_id" UUID,
    "name" TEXT NOT NULL,
    "industry" TEXT,
    "website" TEXT,
    "phone" TEXT,
    "merged_into" UUID,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "companies_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "contacts" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "company_id" UUID,
    "owner_id" UUID,
    "first_name" TEXT NOT NULL DEFAULT '',
    "last_name" TEXT NOT NULL DEFAULT '',
    "email" TEXT,
    "phone" TEXT,
    "job_title" TEXT,
    "status" "ContactStatus" NOT NULL DEFAULT 'LEAD',
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "gdpr_consent" BOOLEAN NOT NULL DEFAULT false,
    "gdpr_consent_at" TIMESTAMPTZ(3),
    "gdpr_consent_source" TEXT,
    "gdpr_consent_text_version" TEXT,
    "last_activity_at" TIMESTAMPTZ(3),
    "merged_into" UUID,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "contacts_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "deals" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "pipeline_id" UUID NOT NULL,
    "stage_id" UUID NOT NULL,
    "contact_id" UUID,
    "company_id" UUID,
    "owner_id" UUID,
    "title" TEXT NOT NULL,
    "value" DECIMAL(24,4),
    "currency" TEXT NOT NULL,
    "status" "DealStatus" NOT NULL DEFAULT 'OPEN',
    "expected_close_date" DATE,
    "position" TEXT NOT NULL,
    "stage_entered_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "closed_at" TIMESTAMPTZ(3),
    "lost_reason" TEXT,
    "last_activity_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "deals_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "organizations" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "subscription_plan" "SubscriptionPlan" NOT NULL DEFAULT 'FREE',
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pipelines" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "stages" JSONB NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "pipelines_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "pipeline_stages" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "pipeline_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "place" INTEGER NOT NULL,
    "probability" INTEGER NOT NULL,
    "days_to_rot" INTEGER,

    CONSTRAINT "pipeline_stages_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "users" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'MEMBER',
    "is_active" BOOLEAN NOT NULL DEFAULT true,
    "last_login_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "users_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "activities_org_id_created_at_id_idx" ON "activities"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_updated_at_id_idx" ON "activities"("org_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_due_date_id_idx" ON "activities"("org_id", "due_date", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_type_created_at_id_idx" ON "activities"("org_id", "type", "created_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_is_completed_due_date_id_idx" ON "activities"("org_id", "is_completed", "due_date", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_user_id_created_at_id_idx" ON "activities"("org_id", "user_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_owner_id_created_at_id_idx" ON "activities"("org_id", "owner_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_contact_id_created_at_id_idx" ON "activities"("org_id", "contact_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_deal_id_created_at_id_idx" ON "activities"("org_id", "deal_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "activities_org_id_deleted_at_idx" ON "activities"("org_id", "deleted_at");

-- CreateIndex
CREATE INDEX "activities_org_id_subject_idx" ON "activities" USING GIN ("org_id" uuid_ops, "subject" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "audit_logs_org_id_created_at_id_idx" ON "audit_logs"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "audit_logs_org_id_entity_type_entity_id_created_at_idx" ON "audit_logs"("org_id", "entity_type", "entity_id", "created_at");

-- CreateIndex
CREATE INDEX "audit_logs_org_id_user_id_created_at_idx" ON "audit_logs"("org_id", "user_id", "created_at");

-- CreateIndex
CREATE INDEX "refresh_tokens_org_id_user_id_idx" ON "refresh_tokens"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "refresh_tokens_org_id_expires_at_idx" ON "refresh_tokens"("org_id", "expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "refresh_tokens_org_id_token_hash_key" ON "refresh_tokens"("org_id", "token_hash");

-- CreateIndex
CREATE INDEX "companies_org_id_created_at_id_idx" ON "companies"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "companies_org_id_updated_at_id_idx" ON "companies"("org_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "companies_org_id_name_id_idx" ON "companies"("org_id", "name", "id");

-- CreateIndex
CREATE INDEX "companies_org_id_industry_created_at_id_idx" ON "companies"("org_id", "industry", "created_at", "id");

-- CreateIndex
CREATE INDEX "companies_org_id_owner_id_created_at_id_idx" ON "companies"("org_id", "owner_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "companies_org_id_merged_into_idx" ON "companies"("org_id", "merged_into");

-- CreateIndex
CREATE INDEX "companies_org_id_deleted_at_idx" ON "companies"("org_id", "deleted_at");

-- CreateIndex
CREATE INDEX "companies_org_id_name_idx" ON "companies" USING GIN ("org_id" uuid_ops, "name" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "contacts_org_id_created_at_id_idx" ON "contacts"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_updated_at_id_idx" ON "contacts"("org_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_last_name_id_idx" ON "contacts"("org_id", "last_name", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_last_activity_at_id_idx" ON "contacts"("org_id", "last_activity_at", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_email_id_idx" ON "contacts"("org_id", "email", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_phone_idx" ON "contacts"("org_id", "phone");

-- CreateIndex
CREATE INDEX "contacts_org_id_status_created_at_id_idx" ON "contacts"("org_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_company_id_created_at_id_idx" ON "contacts"("org_id", "company_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_owner_id_created_at_id_idx" ON "contacts"("org_id", "owner_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "contacts_org_id_merged_into_idx" ON "contacts"("org_id", "merged_into");

-- CreateIndex
CREATE INDEX "contacts_org_id_deleted_at_idx" ON "contacts"("org_id", "deleted_at");

-- CreateIndex
CREATE INDEX "contacts_org_id_tags_idx" ON "contacts" USING GIN ("org_id" uuid_ops, "tags" array_ops);

-- CreateIndex
CREATE INDEX "contacts_org_id_first_name_idx" ON "contacts" USING GIN ("org_id" uuid_ops, "first_name" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "contacts_org_id_last_name_idx" ON "contacts" USING GIN ("org_id" uuid_ops, "last_name" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "contacts_org_id_email_idx" ON "contacts" USING GIN ("org_id" uuid_ops, "email" gin_trgm_ops);

-- CreateIndex
CREATE INDEX "deals_org_id_created_at_id_idx" ON "deals"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_updated_at_id_idx" ON "deals"("org_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_value_id_idx" ON "deals"("org_id", "value", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_expected_close_date_id_idx" ON "deals"("org_id", "expected_close_date", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_position_id_idx" ON "deals"("org_id", "position", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_status_created_at_id_idx" ON "deals"("org_id", "status", "created_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_stage_id_position_id_idx" ON "deals"("org_id", "stage_id", "position", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_pipeline_id_stage_id_idx" ON "deals"("org_id", "pipeline_id", "stage_id");

-- CreateIndex
CREATE INDEX "deals_org_id_pipeline_id_created_at_id_idx" ON "deals"("org_id", "pipeline_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_contact_id_created_at_id_idx" ON "deals"("org_id", "contact_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_company_id_created_at_id_idx" ON "deals"("org_id", "company_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_owner_id_created_at_id_idx" ON "deals"("org_id", "owner_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_deleted_at_idx" ON "deals"("org_id", "deleted_at");

-- CreateIndex
CREATE INDEX "deals_org_id_title_idx" ON "deals" USING GIN ("org_id" uuid_ops, "title" gin_trgm_ops);

-- CreateIndex
CREATE UNIQUE INDEX "organizations_slug_key" ON "organizations"("slug");

-- CreateIndex
CREATE INDEX "pipelines_org_id_created_at_id_idx" ON "pipelines"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "pipelines_org_id_updated_at_id_idx" ON "pipelines"("org_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "pipelines_org_id_name_id_idx" ON "pipelines"("org_id", "name", "id");

-- CreateIndex
CREATE INDEX "pipelines_org_id_deleted_at_idx" ON "pipelines"("org_id", "deleted_at");

-- CreateIndex
CREATE INDEX "pipeline_stages_org_id_pipeline_id_place_idx" ON "pipeline_stages"("org_id", "pipeline_id", "place");

-- CreateIndex
CREATE UNIQUE INDEX "pipeline_stages_org_id_pipeline_id_id_key" ON "pipeline_stages"("org_id", "pipeline_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "users_org_id_created_at_id_idx" ON "users"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "users_org_id_updated_at_id_idx" ON "users"("org_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "users_org_id_last_name_id_idx" ON "users"("org_id", "last_name", "id");

-- CreateIndex
CREATE INDEX "users_org_id_last_login_at_id_idx" ON "users"("org_id", "last_login_at", "id");

-- CreateIndex
CREATE INDEX "users_org_id_role_created_at_id_idx" ON "users"("org_id", "role", "created_at", "id");

-- CreateIndex
CREATE INDEX "users_org_id_is_active_created_at_id_idx" ON "users"("org_id", "is_active", "created_at", "id");

-- CreateIndex
CREATE INDEX "users_org_id_deleted_at_idx" ON "users"("org_id", "deleted_at");

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_org_id_owner_id_fkey" FOREIGN KEY ("org_id", "owner_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_org_id_contact_id_fkey" FOREIGN KEY ("org_id", "contact_id") REFERENCES "contacts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "activities" ADD CONSTRAINT "activities_org_id_deal_id_fkey" FOREIGN KEY ("org_id", "deal_id") REFERENCES "deals"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "audit_logs" ADD CONSTRAINT "audit_logs_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_logs" ADD CONSTRAINT "audit_logs_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refresh_tokens" ADD CONSTRAINT "refresh_tokens_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "companies" ADD CONSTRAINT "companies_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "companies" ADD CONSTRAINT "companies_org_id_owner_id_fkey" FOREIGN KEY ("org_id", "owner_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "companies" ADD CONSTRAINT "companies_org_id_merged_into_fkey" FOREIGN KEY ("org_id", "merged_into") REFERENCES "companies"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_org_id_company_id_fkey" FOREIGN KEY ("org_id", "company_id") REFERENCES "companies"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_org_id_owner_id_fkey" FOREIGN KEY ("org_id", "owner_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "contacts" ADD CONSTRAINT "contacts_org_id_merged_into_fkey" FOREIGN KEY ("org_id", "merged_into") REFERENCES "contacts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_org_id_pipeline_id_fkey" FOREIGN KEY ("org_id", "pipeline_id") REFERENCES "pipelines"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_org_id_pipeline_id_stage_id_fkey" FOREIGN KEY ("org_id", "pipeline_id", "stage_id") REFERENCES "pipeline_stages"("org_id", "pipeline_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_org_id_contact_id_fkey" FOREIGN KEY ("org_id", "contact_id") REFERENCES "contacts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_org_id_company_id_fkey" FOREIGN KEY ("org_id", "company_id") REFERENCES "companies"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "deals" ADD CONSTRAINT "deals_org_id_owner_id_fkey" FOREIGN KEY ("org_id", "owner_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "pipelines" ADD CONSTRAINT "pipelines_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pipeline_stages" ADD CONSTRAINT "pipeline_stages_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pipeline_stages" ADD CONSTRAINT "pipeline_stages_org_id_pipeline_id_fkey" FOREIGN KEY ("org_id", "pipeline_id") REFERENCES "pipelines"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- Names sort the way people expect ('Ärzte' beside 'Apotheke'), wherever the database was made; positions sort by byte.
ALTER TABLE "organizations" ALTER COLUMN "name" TYPE text COLLATE "und-x-icu";
ALTER TABLE "users" ALTER COLUMN "first_name" TYPE text COLLATE "und-x-icu",
                    ALTER COLUMN "last_name" TYPE text COLLATE "und-x-icu";
ALTER TABLE "companies" ALTER COLUMN "name" TYPE text COLLATE "und-x-icu",
                        ALTER COLUMN "industry" TYPE text COLLATE "und-x-icu";
ALTER TABLE "contacts" ALTER COLUMN "first_name" TYPE text COLLATE "und-x-icu",
                       ALTER COLUMN "last_name" TYPE text COLLATE "und-x-icu";
ALTER TABLE "pipelines" ALTER COLUMN "name" TYPE text COLLATE "und-x-icu";
ALTER TABLE "pipeline_stages" ALTER COLUMN "name" TYPE text COLLATE "und-x-icu";
ALTER TABLE "deals" ALTER COLUMN "title" TYPE text COLLATE "und-x-icu",
                    ALTER COLUMN "position" TYPE text COLLATE "C";
ALTER TABLE "activities" ALTER COLUMN "subject" TYPE text COLLATE "und-x-icu";

-- A pipeline's stages: a non-empty ordered list of { id, name, probability 0–100, daysToRot? }, ids and names unique.
CREATE FUNCTION is_stage(stage jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_typeof(stage) = 'object'
     AND coalesce(stage->>'id', '') ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
     AND jsonb_typeof(stage->'name') IS NOT DISTINCT FROM 'string'
     AND btrim(stage->>'name') <> ''
     AND jsonb_typeof(stage->'probability') IS NOT DISTINCT FROM 'number'
     AND stage->>'probability' ~ '^(100|[1-9]?[0-9])$'
     AND (stage->'daysToRot' IS NULL OR stage->>'daysToRot' ~ '^[1-9][0-9]{0,3}$' AND jsonb_typeof(stage->'daysToRot') = 'number')
     AND stage - 'id' - 'name' - 'probability' - 'daysToRot' = '{}'
$$;

CREATE FUNCTION are_stages(stages jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN jsonb_typeof(stages) <> 'array' THEN false ELSE (
    SELECT count(*) BETWEEN 1 AND 100
       AND bool_and(is_stage(stage))
       AND count(DISTINCT stage->>'id') = count(*)
       AND count(DISTINCT lower(btrim(stage->>'name'))) = count(*)
    FROM jsonb_array_elements(stages) AS stage) END
$$;

ALTER TABLE "organizations"
  ADD CONSTRAINT "organizations_slug_format" CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  ADD CONSTRAINT "organizations_settings_object" CHECK (jsonb_typeof(settings) = 'object');
ALTER TABLE "users" ADD CONSTRAINT "users_email_lower" CHECK (email = lower(email));
ALTER TABLE "companies" ADD CONSTRAINT "companies_merged_is_deleted" CHECK (merged_into IS NULL OR deleted_at IS NOT NULL);
ALTER TABLE "contacts"
  ADD CONSTRAINT "contacts_merged_is_deleted" CHECK (merged_into IS NULL OR deleted_at IS NOT NULL),
  ADD CONSTRAINT "contacts_tags_without_null" CHECK (array_position(tags, NULL) IS NULL),
  ALTER COLUMN "tags" SET NOT NULL;
ALTER TABLE "pipelines"
  ADD CONSTRAINT "pipelines_stages_valid" CHECK (are_stages(stages)),
  ADD CONSTRAINT "pipelines_default_is_not_deleted" CHECK (NOT is_default OR deleted_at IS NULL),
  -- An exclusion rather than a partial unique index: Prisma would read the latter as an index on every row.
  ADD CONSTRAINT "pipelines_one_default" EXCLUDE USING btree (org_id WITH =) WHERE (is_default) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE "deals"
  ADD CONSTRAINT "deals_currency_format" CHECK (currency ~ '^[A-Z]{3}$'),
  ADD CONSTRAINT "deals_position_format" CHECK (position ~ '^[0-9A-Za-z]+$'),
  ADD CONSTRAINT "deals_closed_at_when_closed" CHECK ((status = 'OPEN') = (closed_at IS NULL));
ALTER TABLE "activities"
  ADD CONSTRAINT "activities_about_something" CHECK (contact_id IS NOT NULL OR deal_id IS NOT NULL),
  ADD CONSTRAINT "activities_completed_at_when_completed" CHECK (is_completed = (completed_at IS NOT NULL));

-- version and updated_at grow when a business column is part of the update and something really differs. What a
-- trigger's column list leaves out (last activity, a deal's position alone, merge bookkeeping) is derived state.
CREATE FUNCTION touch_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  NEW.updated_at := greatest(clock_timestamp()::timestamptz(3), OLD.updated_at);
  RETURN NEW;
END $$;

CREATE TRIGGER touch BEFORE UPDATE OF name, slug, settings, subscription_plan ON organizations
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF email, first_name, last_name, role, is_active, deleted_at ON users
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF owner_id, name, industry, website, phone, merged_into, deleted_at ON companies
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF company_id, owner_id, first_name, last_name, email, phone, job_title, status, tags, merged_into, deleted_at ON contacts
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF name, is_default, stages, deleted_at ON pipelines
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF pipeline_id, stage_id, contact_id, company_id, owner_id, title, value, currency, status, expected_close_date, closed_at, lost_reason, deleted_at ON deals
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF owner_id, contact_id, deal_id, type, subject, description, due_date, is_completed, completed_at, deleted_at ON activities
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();

-- pipeline_stages follows pipelines.stages in the same statement. As the owner, so that the server's role needs no
-- right to write the projection; a stage that deals still refer to cannot go (foreign key of deals).
CREATE FUNCTION project_stages() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  DELETE FROM public.pipeline_stages AS s
   WHERE s.org_id = NEW.org_id AND s.pipeline_id = NEW.id
     AND NOT EXISTS (SELECT FROM jsonb_array_elements(NEW.stages) AS stage WHERE (stage->>'id')::uuid = s.id);
  UPDATE public.pipeline_stages AS s
     SET name = stage->>'name', place = ordinal, probability = (stage->>'probability')::int, days_to_rot = (stage->>'daysToRot')::int
    FROM jsonb_array_elements(NEW.stages) WITH ORDINALITY AS stages (stage, ordinal)
   WHERE s.org_id = NEW.org_id AND s.pipeline_id = NEW.id AND s.id = (stage->>'id')::uuid;
  INSERT INTO public.pipeline_stages (org_id, id, pipeline_id, name, place, probability, days_to_rot)
  SELECT NEW.org_id, (stage->>'id')::uuid, NEW.id, stage->>'name', ordinal, (stage->>'probability')::int, (stage->>'daysToRot')::int
    FROM jsonb_array_elements(NEW.stages) WITH ORDINALITY AS stages (stage, ordinal)
   WHERE NOT EXISTS (SELECT FROM public.pipeline_stages AS s
                      WHERE s.org_id = NEW.org_id AND s.pipeline_id = NEW.id AND s.id = (stage->>'id')::uuid);
  RETURN NULL;
END $$;

CREATE TRIGGER project_stages_on_insert AFTER INSERT ON pipelines
  FOR EACH ROW EXECUTE FUNCTION project_stages();
CREATE TRIGGER project_stages_on_update AFTER UPDATE OF stages ON pipelines
  FOR EACH ROW WHEN (OLD.stages IS DISTINCT FROM NEW.stages) EXECUTE FUNCTION project_stages();

-- At most one default pipeline is the exclusion above; at least one is this, at commit.
CREATE FUNCTION check_default_pipeline() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  org uuid := CASE WHEN TG_TABLE_NAME = 'organizations' THEN (to_jsonb(NEW)->>'id')::uuid ELSE (to_jsonb(OLD)->>'org_id')::uuid END;
BEGIN
  IF EXISTS (SELECT FROM public.organizations WHERE id = org)
     AND NOT EXISTS (SELECT FROM public.pipelines WHERE org_id = org AND is_default) THEN
    RAISE EXCEPTION 'An organization needs one default pipeline.'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'organizations_default_pipeline';
  END IF;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER organizations_default_pipeline AFTER INSERT ON organizations
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_default_pipeline();
CREATE CONSTRAINT TRIGGER pipelines_default_pipeline AFTER UPDATE OR DELETE ON pipelines
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_default_pipeline();
