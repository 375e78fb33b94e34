SELECT json_build_object('data', json_build_object('deal', json_build_object(
         'id', deal.id, 'title', deal.title, 'status', deal.status, 'currency', deal.currency,
         'stage', json_build_object('id', stage.id, 'name', stage.name),
         'contact', CASE WHEN contact.id IS NOT NULL THEN json_build_object(
           'id', contact.id, 'firstName', contact.first_name, 'lastName', contact.last_name,
           'company', CASE WHEN company.id IS NOT NULL THEN json_build_object('id', company.id, 'name', company.name) END) END,
         'owner', CASE WHEN owner.id IS NOT NULL THEN json_build_object('id', owner.id) END)))::text AS answer
  FROM read.deals AS deal
  JOIN read.pipeline_stages AS stage ON stage.id = deal.stage_id
  LEFT JOIN read.contacts AS contact ON contact.id = deal.contact_id AND contact.deleted_at IS NULL
  LEFT JOIN read.companies AS company ON company.id = contact.company_id AND company.deleted_at IS NULL
  LEFT JOIN read.users AS owner ON owner.id = deal.owner_id AND owner.deleted_at IS NULL
 WHERE deal.id = $1::uuid AND deal.deleted_at IS NULL
