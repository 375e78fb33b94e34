-- API keys: what programs sign in with, in the name of who made them.
DROP VIEW IF EXISTS read.audit_logs;

-- AlterTable
ALTER TABLE "audit_logs" ADD COLUMN     "api_key_id" UUID;

-- CreateTable
CREATE TABLE "api_keys" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "secret_hash" BYTEA NOT NULL,
    "hint" TEXT NOT NULL,
    "scopes" TEXT[],
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "api_keys_org_id_user_id_created_at_idx" ON "api_keys"("org_id", "user_id", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_org_id_secret_hash_key" ON "api_keys"("org_id", "secret_hash");

-- CreateIndex
CREATE INDEX "audit_logs_org_id_api_key_id_created_at_idx" ON "audit_logs"("org_id", "api_key_id", "created_at");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "audit_logs" ADD CONSTRAINT "audit_logs_org_id_api_key_id_fkey" FOREIGN KEY ("org_id", "api_key_id") REFERENCES "api_keys"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;


ALTER TABLE api_keys
  ADD CONSTRAINT api_keys_named CHECK (btrim(name) <> '' AND char_length(name) <= 200),
  ADD CONSTRAINT api_keys_hashed CHECK (octet_length(secret_hash) = 32),
  ADD CONSTRAINT api_keys_scoped CHECK (cardinality(scopes) > 0);
ALTER TABLE audit_logs ADD CONSTRAINT audit_logs_key_of_actor CHECK ((actor_kind = 'API_KEY') = (api_key_id IS NOT NULL));

CREATE TRIGGER touch BEFORE UPDATE OF name, scopes, expires_at, revoked_at ON api_keys
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
