-- How long organizations keep things (docs/decisions/0047), and how far the sweeps have got.

-- CreateEnum
CREATE TYPE "RetentionKind" AS ENUM ('INACTIVE_LEADS', 'DELETED_RECORDS', 'SESSIONS', 'MAILS', 'JOBS');

-- CreateEnum
CREATE TYPE "RetentionState" AS ENUM ('DRY_RUN', 'ACTIVE', 'OFF');

-- CreateEnum
CREATE TYPE "RetentionRunState" AS ENUM ('RUNNING', 'DONE', 'STOPPED');

-- CreateTable
CREATE TABLE "retention_rules" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" "RetentionKind" NOT NULL,
    "span" INTEGER NOT NULL,
    "state" "RetentionState" NOT NULL DEFAULT 'DRY_RUN',
    "activated_by_id" UUID,
    "activated_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "retention_rules_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "retention_runs" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "rule_id" UUID NOT NULL,
    "state" "RetentionRunState" NOT NULL DEFAULT 'RUNNING',
    "step" INTEGER NOT NULL DEFAULT 0,
    "last_id" UUID,
    "examined" INTEGER NOT NULL DEFAULT 0,
    "removed" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "held" JSONB NOT NULL DEFAULT '{}',
    "error" TEXT,
    "finished_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "retention_runs_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "retention_rules_org_id_activated_by_id_idx" ON "retention_rules"("org_id", "activated_by_id");

-- CreateIndex
CREATE UNIQUE INDEX "retention_rules_org_id_kind_key" ON "retention_rules"("org_id", "kind");

-- CreateIndex
CREATE INDEX "retention_runs_org_id_rule_id_created_at_idx" ON "retention_runs"("org_id", "rule_id", "created_at");

-- AddForeignKey
ALTER TABLE "retention_rules" ADD CONSTRAINT "retention_rules_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retention_rules" ADD CONSTRAINT "retention_rules_org_id_activated_by_id_fkey" FOREIGN KEY ("org_id", "activated_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "retention_runs" ADD CONSTRAINT "retention_runs_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "retention_runs" ADD CONSTRAINT "retention_runs_org_id_rule_id_fkey" FOREIGN KEY ("org_id", "rule_id") REFERENCES "retention_rules"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- Whoever swept everything that is older than nothing would lose all of it.
ALTER TABLE retention_rules ADD CONSTRAINT retention_rules_span_positive CHECK (span > 0);
ALTER TABLE retention_rules ADD CONSTRAINT retention_rules_activated_by_somebody
  CHECK ((state = 'ACTIVE') = (activated_at IS NOT NULL) AND (activated_at IS NULL) = (activated_by_id IS NULL));
ALTER TABLE retention_runs ADD CONSTRAINT retention_runs_finished_when_over CHECK ((state = 'RUNNING') = (finished_at IS NULL));

-- Of a rule one at a time.
ALTER TABLE retention_runs ADD CONSTRAINT retention_runs_one_at_a_time
  EXCLUDE USING btree (org_id WITH =, rule_id WITH =) WHERE (state = 'RUNNING');

CREATE TRIGGER touch BEFORE UPDATE OF span, state ON retention_rules
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
CREATE TRIGGER touch BEFORE UPDATE OF state ON retention_runs
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
