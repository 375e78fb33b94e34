-- Erasing an export is a change of it; that its files are ready is none (docs/decisions/0045).
CREATE FUNCTION count_erased_export() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER count_erased BEFORE UPDATE OF json, html ON subject_exports
  FOR EACH ROW WHEN (OLD.json IS NOT NULL AND NEW.json IS NULL) EXECUTE FUNCTION count_erased_export();
