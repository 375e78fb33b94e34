SELECT json_build_object('data', json_build_object('sums', coalesce(json_agg(sums), '[]')))::text AS answer FROM bench.sums() AS sums
