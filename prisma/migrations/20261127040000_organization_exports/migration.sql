-- CreateEnum
CREATE TYPE "OrganizationExportState" AS ENUM ('PENDING', 'RUNNING', 'READY', 'FAILED');

-- CreateTable
CREATE TABLE "organization_exports" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "requested_by_id" UUID NOT NULL,
    "state" "OrganizationExportState" NOT NULL DEFAULT 'PENDING',
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "rows_done" INTEGER NOT NULL DEFAULT 0,
    "rows_total" INTEGER,
    "parts" INTEGER NOT NULL DEFAULT 0,
    "size" DECIMAL(20,0) NOT NULL DEFAULT 0,
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "organization_exports_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateTable
CREATE TABLE "organization_export_parts" (
    "org_id" UUID NOT NULL,
    "export_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "organization_export_parts_pkey" PRIMARY KEY ("org_id","export_id","number")
);

-- CreateIndex
CREATE INDEX "organization_exports_org_id_requested_by_id_idx" ON "organization_exports"("org_id", "requested_by_id");

-- CreateIndex
CREATE INDEX "organization_exports_expires_at_idx" ON "organization_exports"("expires_at");

-- AddForeignKey
ALTER TABLE "organization_exports" ADD CONSTRAINT "organization_exports_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "organization_exports" ADD CONSTRAINT "organization_exports_org_id_requested_by_id_fkey" FOREIGN KEY ("org_id", "requested_by_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "organization_export_parts" ADD CONSTRAINT "organization_export_parts_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "organization_export_parts" ADD CONSTRAINT "organization_export_parts_org_id_export_id_fkey" FOREIGN KEY ("org_id", "export_id") REFERENCES "organization_exports"("org_id", "id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- One at a time.
ALTER TABLE organization_exports ADD CONSTRAINT organization_exports_one_at_a_time
  EXCLUDE USING btree (org_id WITH =) WHERE (state IN ('PENDING', 'RUNNING'));

-- Pieces of a compressed file: PostgreSQL need not try to compress them again.
ALTER TABLE organization_export_parts ALTER COLUMN bytes SET STORAGE EXTERNAL;
