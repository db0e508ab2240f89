DROP TRIGGER clients_bump_revision ON clients;
