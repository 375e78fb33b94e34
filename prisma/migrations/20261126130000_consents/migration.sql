-- The ledger of consents (docs/decisions/0037), and what it is about.
CREATE TYPE "LawfulBasis" AS ENUM ('CONSENT', 'CONTRACT', 'LEGAL_OBLIGATION', 'VITAL_INTERESTS', 'PUBLIC_TASK', 'LEGITIMATE_INTERESTS');
CREATE TYPE "ConsentKind" AS ENUM ('GRANTED', 'WITHDRAWN');
CREATE TYPE "ConsentChannel" AS ENUM ('WEB_FORM', 'EMAIL', 'PHONE', 'IN_PERSON', 'PAPER', 'OTHER');

CREATE TABLE "consent_purposes" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT,
    "lawful_basis" "LawfulBasis" NOT NULL,
    "is_contacting" BOOLEAN NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "consent_purposes_pkey" PRIMARY KEY ("org_id","id"),
    CONSTRAINT "consent_purposes_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "consent_purposes_key_format" CHECK (key ~ '^[a-z][a-zA-Z0-9_]{0,49}$')
);
CREATE UNIQUE INDEX "consent_purposes_org_id_key_key" ON "consent_purposes"("org_id", "key");
CREATE INDEX "consent_purposes_org_id_created_at_id_idx" ON "consent_purposes"("org_id", "created_at", "id");
CREATE INDEX "consent_purposes_org_id_deleted_at_idx" ON "consent_purposes"("org_id", "deleted_at");

CREATE TRIGGER touch BEFORE UPDATE OF name, description, deleted_at ON consent_purposes
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();

CREATE TABLE "consent_texts" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "purpose_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "label" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "consent_texts_pkey" PRIMARY KEY ("org_id","id"),
    CONSTRAINT "consent_texts_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "consent_texts_org_id_purpose_id_fkey" FOREIGN KEY ("org_id", "purpose_id") REFERENCES "consent_purposes"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE UNIQUE INDEX "consent_texts_org_id_purpose_id_number_key" ON "consent_texts"("org_id", "purpose_id", "number");
CREATE UNIQUE INDEX "consent_texts_org_id_purpose_id_label_key" ON "consent_texts"("org_id", "purpose_id", "label");

CREATE TABLE "consents" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "contact_id" UUID NOT NULL,
    "purpose_id" UUID NOT NULL,
    "text_id" UUID,
    "entry" INTEGER NOT NULL,
    "kind" "ConsentKind" NOT NULL,
    "lawful_basis" "LawfulBasis" NOT NULL,
    "channel" "ConsentChannel" NOT NULL,
    "source" TEXT,
    "proof" TEXT,
    "given_at" TIMESTAMPTZ(3) NOT NULL,
    "user_id" UUID,
    "ip_address" INET,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "consents_pkey" PRIMARY KEY ("org_id","id"),
    CONSTRAINT "consents_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "consents_org_id_contact_id_fkey" FOREIGN KEY ("org_id", "contact_id") REFERENCES "contacts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "consents_org_id_purpose_id_fkey" FOREIGN KEY ("org_id", "purpose_id") REFERENCES "consent_purposes"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "consents_org_id_text_id_fkey" FOREIGN KEY ("org_id", "text_id") REFERENCES "consent_texts"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "consents_org_id_user_id_fkey" FOREIGN KEY ("org_id", "user_id") REFERENCES "users"("org_id", "id") ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT "consents_entry_positive" CHECK (entry > 0)
);
CREATE UNIQUE INDEX "consents_org_id_contact_id_entry_key" ON "consents"("org_id", "contact_id", "entry");
CREATE INDEX "consents_org_id_contact_id_purpose_id_entry_idx" ON "consents"("org_id", "contact_id", "purpose_id", "entry");
CREATE INDEX "consents_org_id_purpose_id_kind_contact_id_idx" ON "consents"("org_id", "purpose_id", "kind", "contact_id");
CREATE INDEX "consents_org_id_text_id_idx" ON "consents"("org_id", "text_id");
CREATE INDEX "consents_org_id_user_id_idx" ON "consents"("org_id", "user_id");

-- What contacts show of the ledger, in the statement that writes it and with the owner's right: the server's role has none to
-- set it. Only the last entry of a purpose counts. The columns are derived: neither version nor updated_at moves.
CREATE FUNCTION project_consent() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  shown record;
BEGIN
  SELECT e.given_at, e.source, e.label INTO shown
    FROM (SELECT DISTINCT ON (c.purpose_id) c.kind, c.entry, c.given_at, c.source, t.label
            FROM public.consents AS c
            JOIN public.consent_purposes AS p ON p.org_id = c.org_id AND p.id = c.purpose_id AND p.is_contacting
            LEFT JOIN public.consent_texts AS t ON t.org_id = c.org_id AND t.id = c.text_id
           WHERE c.org_id = NEW.org_id AND c.contact_id = NEW.contact_id
           ORDER BY c.purpose_id, c.entry DESC) AS e
   WHERE e.kind = 'GRANTED' ORDER BY e.entry DESC LIMIT 1;
  UPDATE public.contacts
     SET gdpr_consent = shown.given_at IS NOT NULL, gdpr_consent_at = shown.given_at, gdpr_consent_source = shown.source,
         gdpr_consent_text_version = shown.label
   WHERE org_id = NEW.org_id AND id = NEW.contact_id
     AND (gdpr_consent, gdpr_consent_at, gdpr_consent_source, gdpr_consent_text_version)
         IS DISTINCT FROM (shown.given_at IS NOT NULL, shown.given_at, shown.source, shown.label);
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION project_consent() FROM PUBLIC;
CREATE TRIGGER project AFTER INSERT ON consents FOR EACH ROW EXECUTE FUNCTION project_consent();

-- Consents that contacts had before there was a ledger become its first entries, of the purpose "contact". Also for loads that
-- write contacts by themselves. Ids follow from those of the records, so that a load can be repeated.
CREATE FUNCTION consents_from_contacts(orgs uuid[]) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  CREATE TEMPORARY TABLE found_consents ON COMMIT DROP AS
    SELECT c.org_id, c.id, coalesce(c.gdpr_consent_at, c.created_at) AS given_at, c.gdpr_consent_source AS source, c.gdpr_consent_text_version AS label
      FROM public.contacts AS c
     WHERE c.org_id = ANY (orgs) AND c.gdpr_consent
       AND NOT EXISTS (SELECT FROM public.consents AS e WHERE e.org_id = c.org_id AND e.contact_id = c.id);
  INSERT INTO public.consent_purposes (org_id, id, key, name, lawful_basis, is_contacting)
    SELECT DISTINCT f.org_id, md5(f.org_id || ' consent purpose')::uuid, 'contact', 'Contact', 'CONSENT'::public."LawfulBasis", true
      FROM found_consents AS f ON CONFLICT DO NOTHING;
  INSERT INTO public.consent_texts (org_id, id, purpose_id, number, label, body)
    SELECT f.org_id, md5(f.org_id || ' consent text ' || f.label)::uuid, p.id,
           coalesce((SELECT max(t.number) FROM public.consent_texts AS t WHERE t.org_id = f.org_id AND t.purpose_id = p.id), 0)
             + row_number() OVER (PARTITION BY f.org_id ORDER BY f.label), f.label, ''
      FROM (SELECT DISTINCT org_id, label FROM found_consents WHERE label IS NOT NULL) AS f
      JOIN public.consent_purposes AS p ON p.org_id = f.org_id AND p.key = 'contact'
     WHERE NOT EXISTS (SELECT FROM public.consent_texts AS t WHERE t.org_id = f.org_id AND t.purpose_id = p.id AND t.label = f.label);
  INSERT INTO public.consents (org_id, id, contact_id, purpose_id, text_id, entry, kind, lawful_basis, channel, source, given_at, created_at)
    SELECT f.org_id, md5(f.id || ' consent')::uuid, f.id, p.id, t.id, 1, 'GRANTED', p.lawful_basis, 'OTHER', f.source, f.given_at, f.given_at
      FROM found_consents AS f
      JOIN public.consent_purposes AS p ON p.org_id = f.org_id AND p.key = 'contact'
      LEFT JOIN public.consent_texts AS t ON t.org_id = f.org_id AND t.purpose_id = p.id AND t.label = f.label;
  DROP TABLE found_consents;
END $$;
REVOKE ALL ON FUNCTION consents_from_contacts(uuid[]) FROM PUBLIC;
SELECT consents_from_contacts(ARRAY(SELECT id FROM organizations));
