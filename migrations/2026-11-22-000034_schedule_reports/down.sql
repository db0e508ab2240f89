DROP TABLE reports;
DROP TABLE report_schedules;
DROP FUNCTION refuse_change_of_schedule();
