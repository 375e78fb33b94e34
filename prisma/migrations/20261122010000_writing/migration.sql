-- What writing needs: the audit's order, actors and values, histories that rebuild a board, and idempotency keys.

-- DropIndex
DROP INDEX "audit_logs_org_id_entity_type_entity_id_created_at_idx";

-- AlterTable
ALTER TABLE "audit_logs" ADD COLUMN     "actor_kind" TEXT NOT NULL,
ADD COLUMN     "change_id" UUID NOT NULL,
ADD COLUMN     "entity_version" INTEGER NOT NULL,
ADD COLUMN     "operation" TEXT,
ADD COLUMN     "request_id" TEXT,
ADD COLUMN     "seq" BIGINT NOT NULL;

-- CreateTable
CREATE TABLE "audit_values" (
    "org_id" UUID NOT NULL,
    "audit_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "salt" BYTEA NOT NULL,

    CONSTRAINT "audit_values_pkey" PRIMARY KEY ("org_id","audit_id","field")
);

-- CreateTable
CREATE TABLE "audit_heads" (
    "org_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(6) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "audit_heads_pkey" PRIMARY KEY ("org_id")
);

-- CreateTable
CREATE TABLE "deal_history" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "deal_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "pipeline_id" UUID NOT NULL,
    "stage_id" UUID NOT NULL,
    "status" "DealStatus" NOT NULL,
    "value" DECIMAL(24,4),
    "currency" TEXT NOT NULL,
    "owner_id" UUID,
    "is_deleted" BOOLEAN NOT NULL,

    CONSTRAINT "deal_history_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "org_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request" TEXT NOT NULL,
    "record_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("org_id","user_id","key")
);

-- CreateTable
CREATE TABLE "pipeline_history" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "pipeline_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "seq" BIGINT NOT NULL DEFAULT 0,
    "name" TEXT NOT NULL,
    "stages" JSONB NOT NULL,
    "is_deleted" BOOLEAN NOT NULL,

    CONSTRAINT "pipeline_history_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "deal_history_org_id_deal_id_at_seq_idx" ON "deal_history"("org_id", "deal_id", "at", "seq");

-- CreateIndex
CREATE INDEX "deal_history_org_id_pipeline_id_at_idx" ON "deal_history"("org_id", "pipeline_id", "at");

-- CreateIndex
CREATE INDEX "idempotency_keys_org_id_expires_at_idx" ON "idempotency_keys"("org_id", "expires_at");

-- CreateIndex
CREATE INDEX "pipeline_history_org_id_pipeline_id_at_seq_idx" ON "pipeline_history"("org_id", "pipeline_id", "at", "seq");

-- CreateIndex
CREATE INDEX "audit_logs_org_id_entity_type_entity_id_seq_idx" ON "audit_logs"("org_id", "entity_type", "entity_id", "seq");

-- CreateIndex
CREATE INDEX "audit_logs_org_id_change_id_idx" ON "audit_logs"("org_id", "change_id");

-- CreateIndex
CREATE UNIQUE INDEX "audit_logs_org_id_seq_key" ON "audit_logs"("org_id", "seq");

-- AddForeignKey
ALTER TABLE "audit_values" ADD CONSTRAINT "audit_values_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_values" ADD CONSTRAINT "audit_values_org_id_audit_id_fkey" FOREIGN KEY ("org_id", "audit_id") REFERENCES "audit_logs"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "audit_heads" ADD CONSTRAINT "audit_heads_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deal_history" ADD CONSTRAINT "deal_history_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deal_history" ADD CONSTRAINT "deal_history_org_id_deal_id_fkey" FOREIGN KEY ("org_id", "deal_id") REFERENCES "deals"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "pipeline_history" ADD CONSTRAINT "pipeline_history_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pipeline_history" ADD CONSTRAINT "pipeline_history_org_id_pipeline_id_fkey" FOREIGN KEY ("org_id", "pipeline_id") REFERENCES "pipelines"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;


ALTER TABLE "audit_logs" ADD CONSTRAINT "audit_logs_actor_kind" CHECK (actor_kind IN ('USER', 'API_KEY', 'SYSTEM'));

-- A deal that a stage edit carries to another stage has not been changed by anybody who targeted it: the edit says so
-- for its transaction, and version and updated_at stay (docs/decisions/0010-derived-changes.md).
DROP TRIGGER touch ON deals;
CREATE TRIGGER touch BEFORE UPDATE OF pipeline_id, stage_id, contact_id, company_id, owner_id, title, value, currency, status, expected_close_date, closed_at, lost_reason, deleted_at ON deals
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND current_setting('app.derived', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION touch_record();

-- Deferrable, so that one statement can replace a pipeline's stages and the next carry the deals of those that went.
ALTER TABLE deals DROP CONSTRAINT deals_org_id_pipeline_id_stage_id_fkey;
ALTER TABLE deals ADD CONSTRAINT deals_org_id_pipeline_id_stage_id_fkey FOREIGN KEY (org_id, pipeline_id, stage_id)
  REFERENCES pipeline_stages (org_id, pipeline_id, id) ON DELETE NO ACTION ON UPDATE NO ACTION DEFERRABLE INITIALLY IMMEDIATE;
