-- Former colleagues are erased (docs/decisions/0049): whoever was cannot sign in.
ALTER TABLE users ADD CONSTRAINT users_erased_is_inactive CHECK (erased_at IS NULL OR NOT is_active);

-- A link that is over need not say any more where it went.
ALTER TABLE account_tokens DROP CONSTRAINT account_tokens_email_to_be;
ALTER TABLE account_tokens ADD CONSTRAINT account_tokens_email_to_be CHECK (
  CASE purpose WHEN 'CHANGE_EMAIL' THEN email IS NOT NULL OR used_at IS NOT NULL OR voided_at IS NOT NULL ELSE email IS NULL END);

-- Erasing the address of an invitation is a change of it, also of one that was accepted.
DROP TRIGGER touch ON invitations;
CREATE TRIGGER touch BEFORE UPDATE OF email, role, accepted_at, user_id, revoked_at ON invitations
  FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION touch_record();
