SELECT json_build_object('data', json_build_object('hits', json_build_object('nodes', coalesce(json_agg(json_build_object('id', hit.id, 'displayName', hit.display_name)), '[]'))))::text AS answer
  FROM bench.search($1) AS hit
