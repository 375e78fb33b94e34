SELECT json_build_object('data', json_build_object('contacts', json_build_object(
         'nodes', coalesce(json_agg(page.node ORDER BY page.place) FILTER (WHERE page.place <= 50), '[]'),
         'pageInfo', json_build_object('hasNextPage', count(*) > 50, 'endCursor', max(page.cursor) FILTER (WHERE page.place <= 50)))))::text AS answer
  FROM (
    SELECT row_number() OVER (ORDER BY created_at DESC, id DESC) AS place, created_at || ' ' || id AS cursor,
           json_build_object('id', id, 'firstName', first_name, 'lastName', last_name, 'email', email, 'status', status) AS node
      FROM (SELECT * FROM read.contacts WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 51) AS contact
  ) AS page
