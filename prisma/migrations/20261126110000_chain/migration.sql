-- The audit's chain: each fact's hash covers the fact before it (docs/decisions/0033-the-chain.md), and a list of the values
-- that were erased.

-- AlterTable
ALTER TABLE "audit_logs" ADD COLUMN     "hash" BYTEA,
ADD COLUMN     "prev_hash" BYTEA;

-- CreateTable
CREATE TABLE "audit_erasures" (
    "org_id" UUID NOT NULL,
    "audit_id" UUID NOT NULL,
    "field" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,

    CONSTRAINT "audit_erasures_pkey" PRIMARY KEY ("org_id","audit_id","field")
);

-- CreateIndex
CREATE INDEX "audit_erasures_org_id_seq_idx" ON "audit_erasures"("org_id", "seq");

-- AddForeignKey
ALTER TABLE "audit_erasures" ADD CONSTRAINT "audit_erasures_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_erasures" ADD CONSTRAINT "audit_erasures_org_id_audit_id_fkey" FOREIGN KEY ("org_id", "audit_id") REFERENCES "audit_logs"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What the hash of a fact covers, as a text that is the same on every server: all columns but ip_address, whose commitment is
-- in `changes`, and the hashes. src/db/chain/form.ts has the same list; a fact of another form would begin with another number.
CREATE FUNCTION audit_form(log audit_logs) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.jsonb_build_array(
           1, log.org_id, log.id, log.seq, log.change_id, log.actor_kind, log.user_id, log.api_key_id, log.action, log.entity_type,
           log.entity_id, log.entity_version, log.changes, log.request_id, log.operation,
           pg_catalog.to_char(log.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text
$$;

CREATE FUNCTION audit_hash(prev_hash bytea, log audit_logs) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.sha256(prev_hash || pg_catalog.convert_to(public.audit_form(log), 'UTF8'))
$$;

-- Whoever writes a fact has locked the organization's head, so the fact before it is there to be seen. Says nothing against a
-- gap: that is for the verification to find.
CREATE FUNCTION audit_chain() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.prev_hash := coalesce(
    (SELECT l.hash FROM public.audit_logs AS l WHERE l.org_id = NEW.org_id AND l.seq < NEW.seq ORDER BY l.seq DESC LIMIT 1),
    sha256(''));
  NEW.hash := public.audit_hash(NEW.prev_hash, NEW);
  RETURN NEW;
END $$;

-- Facts that are there already.
DO $$
DECLARE
  log audit_logs;
  org uuid;
  last bytea;
BEGIN
  FOR log IN SELECT * FROM audit_logs ORDER BY org_id, seq LOOP
    IF log.org_id IS DISTINCT FROM org THEN last := sha256(''); END IF;
    org := log.org_id;
    UPDATE audit_logs SET prev_hash = last, hash = audit_hash(last, log) WHERE org_id = log.org_id AND id = log.id RETURNING hash INTO last;
  END LOOP;
END $$;

ALTER TABLE "audit_logs" ALTER COLUMN "hash" SET NOT NULL,
ALTER COLUMN "prev_hash" SET NOT NULL;

CREATE TRIGGER audit_chain BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION audit_chain();
