-- Every instance knows which agencies have ever reported dossiers, so that a figure of others need not ask: the first
-- report of an agency makes every instance read them anew.
CREATE FUNCTION bump_revision_for_first_report() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM dossier_counts WHERE agency_id = NEW.agency_id AND id <> NEW.id) THEN
        UPDATE catalogue_revision SET revision = revision + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dossier_counts_bump_revision AFTER INSERT ON dossier_counts
    FOR EACH ROW EXECUTE FUNCTION bump_revision_for_first_report();
