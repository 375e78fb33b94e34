-- What reports need: time zones that cannot fail, and exchange rates.

-- A zone that PostgreSQL knows, or UTC: a setting that is wrong must not fail a report.
CREATE FUNCTION known_zone(name text) RETURNS text LANGUAGE plpgsql STABLE PARALLEL RESTRICTED AS $$
BEGIN
  PERFORM now() AT TIME ZONE name;
  RETURN coalesce(name, 'UTC');
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN 'UTC';
END $$;

-- CreateTable
CREATE TABLE "exchange_rates" (
    "org_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "from_currency" TEXT NOT NULL,
    "to_currency" TEXT NOT NULL,
    "rate" DECIMAL(24,12) NOT NULL,
    "valid_from" DATE NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT transaction_timestamp(),

    CONSTRAINT "exchange_rates_pkey" PRIMARY KEY ("org_id","id")
);

-- CreateIndex
CREATE INDEX "exchange_rates_org_id_to_currency_idx" ON "exchange_rates"("org_id", "to_currency");

-- CreateIndex
CREATE INDEX "exchange_rates_org_id_valid_from_id_idx" ON "exchange_rates"("org_id", "valid_from", "id");

-- CreateIndex
CREATE INDEX "exchange_rates_org_id_created_at_id_idx" ON "exchange_rates"("org_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "exchange_rates_org_id_deleted_at_idx" ON "exchange_rates"("org_id", "deleted_at");

-- CreateIndex
CREATE UNIQUE INDEX "exchange_rates_org_id_from_currency_to_currency_valid_from_key" ON "exchange_rates"("org_id", "from_currency", "to_currency", "valid_from");

-- AddForeignKey
ALTER TABLE "exchange_rates" ADD CONSTRAINT "exchange_rates_org_id_fkey" FOREIGN KEY ("org_id") REFERENCES "organizations"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "exchange_rates"
  ADD CONSTRAINT "exchange_rates_currency_format" CHECK (from_currency ~ '^[A-Z]{3}$' AND to_currency ~ '^[A-Z]{3}$'),
  ADD CONSTRAINT "exchange_rates_two_currencies" CHECK (from_currency <> to_currency),
  ADD CONSTRAINT "exchange_rates_positive" CHECK (rate > 0);

CREATE TRIGGER touch BEFORE UPDATE OF rate, deleted_at ON exchange_rates
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
