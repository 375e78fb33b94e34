-- When an organization that is to be deleted is gone (docs/decisions/0038).
ALTER TABLE "organizations" ADD COLUMN "deletion_due_at" TIMESTAMPTZ(3);
CREATE INDEX "organizations_deletion_due_at_idx" ON "organizations"("deletion_due_at");

DROP TRIGGER touch ON organizations;
CREATE TRIGGER touch BEFORE UPDATE OF name, slug, settings, subscription_plan, deletion_due_at ON organizations
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
