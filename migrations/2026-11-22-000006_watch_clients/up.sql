-- A change of a client (its revocation) makes every instance read anew whom it trusts.
CREATE TRIGGER clients_bump_revision AFTER UPDATE ON clients
    FOR EACH STATEMENT EXECUTE FUNCTION bump_catalogue_revision();
