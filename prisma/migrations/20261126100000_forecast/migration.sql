-- The forecast adds up what the board's totals do, and by when as well: it is read from the same index, and not from the deals.
DROP INDEX "deals_board_totals_idx";
CREATE INDEX "deals_board_totals_idx" ON "deals"("org_id", "stage_id", "status", "currency", "value", "owner_id", "deleted_at", "pipeline_id", "closed_at", "expected_close_date");

-- What reports over a period begin with: the deals that were closed in it.
CREATE INDEX "deals_org_id_closed_at_idx" ON "deals"("org_id", "closed_at");
