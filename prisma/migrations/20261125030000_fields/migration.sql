-- Care for what is typed: e-mails and phones in one form to be found by.

ALTER TABLE "companies" ADD COLUMN "phone_e164" TEXT, ADD COLUMN "phone_digits" TEXT;
ALTER TABLE "contacts" ADD COLUMN "phone_e164" TEXT, ADD COLUMN "phone_digits" TEXT;

CREATE INDEX "companies_org_id_phone_idx" ON "companies"("org_id", "phone");
CREATE INDEX "companies_org_id_phone_e164_idx" ON "companies"("org_id", "phone_e164");
CREATE INDEX "companies_org_id_phone_digits_idx" ON "companies"("org_id", "phone_digits");
CREATE INDEX "contacts_org_id_phone_e164_idx" ON "contacts"("org_id", "phone_e164");
CREATE INDEX "contacts_org_id_phone_digits_idx" ON "contacts"("org_id", "phone_digits");

-- What is there already gets the forms that SQL can tell; the national form comes when the number is next edited.
ALTER TABLE "contacts" DISABLE TRIGGER touch;
UPDATE "contacts" SET email = lower(btrim(email)) WHERE email IS DISTINCT FROM lower(btrim(email));
ALTER TABLE "contacts" ENABLE TRIGGER touch;
UPDATE "contacts" SET phone_e164 = substring(regexp_replace(phone, '[^+0-9]', '', 'g') from '^\+[1-9][0-9]{6,14}$'),
                      phone_digits = nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '') WHERE phone IS NOT NULL;
UPDATE "companies" SET phone_e164 = substring(regexp_replace(phone, '[^+0-9]', '', 'g') from '^\+[1-9][0-9]{6,14}$'),
                       phone_digits = nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '') WHERE phone IS NOT NULL;

ALTER TABLE "contacts"
  ADD CONSTRAINT "contacts_email_normal" CHECK (email ~ '^[^A-Z[:space:]]+$'),
  ADD CONSTRAINT "contacts_phone_forms" CHECK (phone_e164 ~ '^\+[1-9][0-9]{1,14}$' AND phone_digits IS NOT NULL AND phone IS NOT NULL
    OR phone_e164 IS NULL AND (phone_digits IS NULL OR phone IS NOT NULL));
ALTER TABLE "companies"
  ADD CONSTRAINT "companies_phone_forms" CHECK (phone_e164 ~ '^\+[1-9][0-9]{1,14}$' AND phone_digits IS NOT NULL AND phone IS NOT NULL
    OR phone_e164 IS NULL AND (phone_digits IS NULL OR phone IS NOT NULL));
