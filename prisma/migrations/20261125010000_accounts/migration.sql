-- Accounts: typed settings of an organization, what a user prefers, founding, joining, and links for one use.

-- CreateEnum
CREATE TYPE "Locale" AS ENUM ('EN', 'DE');

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "locale" "Locale",
ADD COLUMN     "time_zone" TEXT;

-- CreateTable
CREATE TABLE "registrations" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "first_name" TEXT NOT NULL,
    "last_name" TEXT NOT NULL,
    "organization_name" TEXT NOT NULL,
    "settings" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),
    "user_id" UUID,

    CONSTRAINT "registrations_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "invitations" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "role" "Role" NOT NULL,
    "invited_by_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "user_id" UUID,
    "revoked_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "invitations_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "account_tokens" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "purpose" TEXT NOT NULL,
    "email" TEXT,
    "previous_email" TEXT,
    "session_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "used_at" TIMESTAMPTZ(3),
    "voided_at" TIMESTAMPTZ(3),

    CONSTRAINT "account_tokens_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "reset_requests" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reset_requests_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "registrations_email_created_at_idx" ON "registrations"("email", "created_at");

-- CreateIndex
CREATE INDEX "registrations_org_id_expires_at_idx" ON "registrations"("org_id", "expires_at");

-- CreateIndex
CREATE INDEX "invitations_org_id_created_at_id_idx" ON "invitations"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "invitations_org_id_email_idx" ON "invitations"("org_id", "email");

-- CreateIndex
CREATE INDEX "invitations_org_id_invited_by_id_idx" ON "invitations"("org_id", "invited_by_id");

-- CreateIndex
CREATE INDEX "invitations_org_id_user_id_idx" ON "invitations"("org_id", "user_id");

-- CreateIndex
CREATE INDEX "account_tokens_org_id_user_id_purpose_idx" ON "account_tokens"("org_id", "user_id", "purpose");

-- CreateIndex
CREATE INDEX "account_tokens_org_id_expires_at_idx" ON "account_tokens"("org_id", "expires_at");

-- CreateIndex
CREATE INDEX "reset_requests_org_id_created_at_idx" ON "reset_requests"("org_id", "created_at");

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_org_id_invited_by_id_fkey" FOREIGN KEY ("org_id", "invited_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "account_tokens" ADD CONSTRAINT "account_tokens_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_tokens" ADD CONSTRAINT "account_tokens_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;


-- Settings are an object that may leave out any key; what it has, has its type. Keys that are not named here are checked by
-- the rooms that write them.
UPDATE organizations SET settings = jsonb_set(settings, '{locale}', to_jsonb(upper(settings->>'locale')))
 WHERE settings->>'locale' IN ('en', 'de');

CREATE FUNCTION are_settings(settings jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_typeof(settings) = 'object'
     AND coalesce(jsonb_typeof(settings->'timeZone') = 'string' AND settings->>'timeZone' ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$', true)
     AND coalesce(jsonb_typeof(settings->'currency') = 'string' AND settings->>'currency' ~ '^[A-Z]{3}$', true)
     AND coalesce(jsonb_typeof(settings->'locale') = 'string' AND settings->>'locale' IN ('EN', 'DE'), true)
     AND coalesce(jsonb_typeof(settings->'country') = 'null' OR settings->>'country' ~ '^[A-Z]{2}$', true)
     AND coalesce(jsonb_typeof(settings->'visibility') = 'string' AND settings->>'visibility' IN ('ORGANIZATION', 'OWNER', 'TEAM'), true)
$$;

ALTER TABLE organizations DROP CONSTRAINT organizations_settings_object,
  ADD CONSTRAINT organizations_settings_valid CHECK (are_settings(settings)),
  ADD CONSTRAINT organizations_named CHECK (btrim(name) <> '');
ALTER TABLE users ADD CONSTRAINT users_time_zone_format CHECK (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$');

DROP TRIGGER touch ON users;
CREATE TRIGGER touch BEFORE UPDATE OF email, password_hash, first_name, last_name, role, is_active, time_zone, locale, deleted_at ON users
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND current_setting('app.derived', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION touch_record();

ALTER TABLE registrations ADD CONSTRAINT registrations_settings_valid CHECK (are_settings(settings)),
  ADD CONSTRAINT registrations_confirmed_by_somebody CHECK ((confirmed_at IS NULL) = (user_id IS NULL));
ALTER TABLE invitations ADD CONSTRAINT invitations_accepted_by_somebody CHECK ((accepted_at IS NULL) = (user_id IS NULL)),
  ADD CONSTRAINT invitations_accepted_or_revoked CHECK (accepted_at IS NULL OR revoked_at IS NULL);
ALTER TABLE account_tokens ADD CONSTRAINT account_tokens_purpose CHECK (purpose IN ('RESET_PASSWORD', 'CHANGE_EMAIL')),
  ADD CONSTRAINT account_tokens_email_to_be CHECK ((purpose = 'CHANGE_EMAIL') = (email IS NOT NULL));

CREATE TRIGGER touch BEFORE UPDATE OF role, accepted_at, user_id, revoked_at ON invitations
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
