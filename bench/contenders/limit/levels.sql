SELECT json_build_object('data', json_build_object('companies', json_build_object('nodes', coalesce(json_agg(company.node), '[]'))))::text AS answer
  FROM (
    SELECT json_build_object('id', c.id, 'name', c.name, 'contacts', json_build_object('nodes', coalesce(contacts.list, '[]'))) AS node
      FROM (SELECT id, name FROM read.companies WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 20) AS c
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('id', p.id, 'firstName', p.first_name, 'deals', json_build_object('nodes', coalesce(deals.list, '[]')))) AS list
          FROM (SELECT id, first_name FROM read.contacts
                 WHERE company_id = c.id AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 5) AS p
          LEFT JOIN LATERAL (
            SELECT json_agg(json_build_object('id', d.id, 'title', d.title)) AS list
              FROM (SELECT id, title FROM read.deals
                     WHERE contact_id = p.id AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 5) AS d
          ) AS deals ON true
      ) AS contacts ON true
  ) AS company
