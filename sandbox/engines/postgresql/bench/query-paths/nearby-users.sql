SELECT user_id, label
FROM user_locations
WHERE ST_DWithin(position, ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography, 1000)
ORDER BY position <-> ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography
