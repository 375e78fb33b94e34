-- Accounts: typed settings of an organization, what a user prefers.

-- CreateEnum
CREATE TYPE "Locale" AS ENUM ('EN', 'DE');

-- AlterTable
ALTER TABLE "users" ADD COLUMN     "locale" "Locale",
ADD COLUMN     "time_zone" TEXT;


-- Settings are an object that may leave out any key; what it has, has its type. Keys that are not named here are checked by
-- the rooms that write them.
UPDATE organizations SET settings = jsonb_set(settings, '{locale}', to_jsonb(upper(settings->>'locale')))
 WHERE settings->>'locale' IN ('en', 'de');

CREATE FUNCTION are_settings(settings jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT jsonb_typeof(settings) = 'object'
     AND coalesce(jsonb_typeof(settings->'timeZone') = 'string' AND settings->>'timeZone' ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$', true)
     AND coalesce(jsonb_typeof(settings->'currency') = 'string' AND settings->>'currency' ~ '^[A-Z]{3}$', true)
     AND coalesce(jsonb_typeof(settings->'locale') = 'string' AND settings->>'locale' IN ('EN', 'DE'), true)
     AND coalesce(jsonb_typeof(settings->'country') = 'null' OR settings->>'country' ~ '^[A-Z]{2}$', true)
     AND coalesce(jsonb_typeof(settings->'visibility') = 'string' AND settings->>'visibility' IN ('ORGANIZATION', 'OWNER', 'TEAM'), true)
$$;

ALTER TABLE organizations DROP CONSTRAINT organizations_settings_object,
  ADD CONSTRAINT organizations_settings_valid CHECK (are_settings(settings)),
  ADD CONSTRAINT organizations_named CHECK (btrim(name) <> '');
ALTER TABLE users ADD CONSTRAINT users_time_zone_format CHECK (time_zone ~ '^[A-Za-z][A-Za-z0-9_+/-]{1,63}$');

DROP TRIGGER touch ON users;
CREATE TRIGGER touch BEFORE UPDATE OF email, password_hash, first_name, last_name, role, is_active, time_zone, locale, deleted_at ON users
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.* AND current_setting('app.derived', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION touch_record();
