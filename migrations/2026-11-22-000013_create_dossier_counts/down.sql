DROP TABLE dossier_counts;
