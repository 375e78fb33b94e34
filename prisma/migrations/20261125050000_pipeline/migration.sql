-- Deals that go stale, a board that is read from its indexes, and what somebody has to do.

DROP VIEW IF EXISTS read.deals;

-- AlterTable
ALTER TABLE "deals" ADD COLUMN     "close_note" TEXT,
ADD COLUMN     "rots_at" TIMESTAMPTZ(3),
ADD COLUMN     "won_reason" TEXT;

-- When a deal goes stale (docs/decisions/0026-rot-is-stored.md). Days are 24 hours: no zone has a say.
CREATE FUNCTION deal_rots_at(status "DealStatus", stage_entered_at timestamptz, last_activity_at timestamptz, days_to_rot int)
  RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN status = 'OPEN'
              THEN (greatest(stage_entered_at, last_activity_at) AT TIME ZONE 'UTC' + days_to_rot * interval '24 hours') AT TIME ZONE 'UTC' END
$$;

UPDATE deals AS d SET rots_at = deal_rots_at(d.status, d.stage_entered_at, d.last_activity_at, s.days_to_rot)
  FROM pipeline_stages AS s WHERE s.org_id = d.org_id AND s.id = d.stage_id AND s.days_to_rot IS NOT NULL AND d.status = 'OPEN';

-- CreateIndex
CREATE INDEX "deals_org_id_stage_entered_at_id_idx" ON "deals"("org_id", "stage_entered_at", "id");

-- CreateIndex
CREATE INDEX "deals_org_id_rots_at_id_idx" ON "deals"("org_id", "rots_at", "id");

-- DropIndex
DROP INDEX "deals_org_id_stage_id_position_id_idx";

-- CreateIndex
CREATE INDEX "deals_org_id_stage_id_position_id_status_deleted_at_idx" ON "deals"("org_id", "stage_id", "position", "id", "status", "deleted_at");

-- CreateIndex
CREATE INDEX "deals_board_totals_idx" ON "deals"("org_id", "stage_id", "status", "currency", "value", "owner_id", "deleted_at");

-- CreateIndex
CREATE INDEX "activities_org_id_owner_id_is_completed_due_date_id_idx" ON "activities"("org_id", "owner_id", "is_completed", "due_date", "id");

-- Whatever writes a deal, rots_at follows in the same row; an edit of a stage's days sets it for all of its deals (db/writing/derived.ts).
-- version and updated_at stay: the column is in no list of `touch`.
CREATE FUNCTION date_rot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.rots_at := public.deal_rots_at(NEW.status, NEW.stage_entered_at, NEW.last_activity_at,
    (SELECT s.days_to_rot FROM public.pipeline_stages AS s WHERE s.org_id = NEW.org_id AND s.id = NEW.stage_id));
  RETURN NEW;
END $$;

CREATE TRIGGER date_rot BEFORE INSERT OR UPDATE OF status, stage_id, stage_entered_at, last_activity_at ON deals
  FOR EACH ROW EXECUTE FUNCTION date_rot();

-- Why deals end as they do. lost_reason is older: what it holds stays.
ALTER TABLE deals
  ADD CONSTRAINT deals_won_reason_when_won CHECK (won_reason IS NULL OR status = 'WON'),
  ADD CONSTRAINT deals_close_note_when_closed CHECK (close_note IS NULL OR status <> 'OPEN');

DROP TRIGGER touch ON deals;
CREATE TRIGGER touch BEFORE UPDATE OF pipeline_id, stage_id, contact_id, company_id, owner_id, title, value, currency, status, expected_close_date, closed_at, won_reason, lost_reason, close_note, custom_fields, deleted_at ON deals
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND current_setting('app.derived', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION touch_record();
