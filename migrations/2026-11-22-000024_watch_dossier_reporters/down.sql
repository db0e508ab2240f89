DROP TRIGGER dossier_counts_bump_revision ON dossier_counts;
DROP FUNCTION bump_revision_for_first_report();
