SELECT json_build_object('data', json_build_object('deal', json_build_object('id', id, 'stage', json_build_object('id', stage_id))))::text AS answer FROM bench.move_deal($1, $2)
