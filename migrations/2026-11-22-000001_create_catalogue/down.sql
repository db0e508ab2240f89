DROP TABLE survey_agencies, surveys, criteria, elements, levels, scales, questionnaire_versions,
    questionnaires, service_points, agencies, catalogue_revision, installation;
DROP FUNCTION bump_catalogue_revision();
DROP FUNCTION refuse_change();
DROP FUNCTION refuse_delete();
